# jobs/*.c -> bin/; man pages and completion are printed by the programs themselves from their option tables.
file(GLOB mains CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/jobs/*.c)
foreach(main ${mains})
    get_filename_component(program ${main} NAME_WE)
    set(library libfacesdist)
    if(program MATCHES "-video$")
        if(NOT FACESDIST_HAVE_VIDEO)
            continue()
        endif()
        set(library libfacesdist_video)
    endif()
    add_executable(${program} ${main})
    target_link_libraries(${program} PRIVATE ${library})
    target_compile_options(${program} PRIVATE ${FACESDIST_WARNINGS})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/share/${program}.1 ${CMAKE_BINARY_DIR}/share/${program}.bash
                       COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/share
                       COMMAND ${program} --generate man > ${CMAKE_BINARY_DIR}/share/${program}.1
                       COMMAND ${program} --generate bash > ${CMAKE_BINARY_DIR}/share/${program}.bash
                       DEPENDS ${program} COMMENT "man page and completion of ${program}")
    list(APPEND pages ${CMAKE_BINARY_DIR}/share/${program}.1 ${CMAKE_BINARY_DIR}/share/${program}.bash)
    install(FILES ${CMAKE_BINARY_DIR}/share/${program}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    install(FILES ${CMAKE_BINARY_DIR}/share/${program}.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${program})
endforeach()
add_custom_target(pages ALL DEPENDS ${pages})
# bin/../share/facesdist in the build folder is the source tree's data/, so that programs run from there as they do when installed.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/share)
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/data ${CMAKE_BINARY_DIR}/share/facesdist SYMBOLIC)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/data/ DESTINATION ${CMAKE_INSTALL_DATADIR}/facesdist PATTERN make EXCLUDE)
install(PROGRAMS ${CMAKE_SOURCE_DIR}/slurm/faces.sh ${CMAKE_SOURCE_DIR}/slurm/check.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/facesdist/slurm)
install(FILES ${CMAKE_SOURCE_DIR}/slurm/lib.sh ${CMAKE_SOURCE_DIR}/slurm/site.env DESTINATION ${CMAKE_INSTALL_DATADIR}/facesdist/slurm)
install(FILES ${CMAKE_SOURCE_DIR}/slurm/modulefile DESTINATION ${CMAKE_INSTALL_DATADIR}/facesdist/modulefiles/facesdist RENAME ${PROJECT_VERSION})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

/* facesdist-eval: how well the embeddings of a result tell people apart. */
#include "run/eval/eval.h"
#include "run/run.h"

int main(int argc, char **argv)
{
    return fd_main_alone(argc, argv, &fd_eval_program, fd_run_eval);
}

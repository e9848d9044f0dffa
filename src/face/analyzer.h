/* Inside of fd_analyzer, for the files of this room. */
#ifndef FD_FACE_ANALYZER_H
#define FD_FACE_ANALYZER_H

#include "face/face.h"
#include "face/proposal.h"
#include "face/pyramid.h"
#include "face/stage.h"

/* What a call works in; all of it grows to what the largest call needed and is used again. */
typedef struct fd_workspace {
    struct fd_workspace *next;
    fd_levels levels;
    fd_pieces pieces;
    fd_buffer image, box, prob;              /* P-Net on strips */
    fd_batch pnet, rnet, onet, embedder;
    fd_tile *tile;
    fd_region *region;
    fd_candidate *candidate;
    int32_t candidates;
    fd_proposal *proposal;
    int32_t proposals;
    fd_patch *patch;
    float *host[FD_STAGE_OUTPUTS];           /* a stage's answers */
    fd_face *face;
    fd_cut *cut;
    size_t capacity_tile, capacity_region, capacity_candidate, capacity_proposal, capacity_patch, capacity_face, capacity_cut;
    size_t capacity_host[FD_STAGE_OUTPUTS];
    fd_nms_work nms;
} fd_workspace;

struct fd_workspaces;

struct fd_analyzer {
    fd_engine *engine;
    fd_analyzer_config config;
    fd_stage pnet, rnet, onet, embedder;
    int64_t strip;                           /* as in fd_batches */
    int32_t canvas;
    fd_crop_kind crop;
    int32_t margin;
    fd_resample resample;
    fd_cut_format format;
    int64_t dim;
    bool l2;
    struct fd_workspaces *idle;
};

/* A workspace that no other thread uses, until it is given back. */
fd_error *fd_workspace_take(const fd_analyzer *a, fd_workspace **out) FD_CHECK;

/* One call's pictures. */
typedef struct fd_call { const fd_analyzer *a; fd_lane *lane; fd_picture *const *pictures; int n; fd_workspace *w; } fd_call;
/* Gives the call's workspace back. After a failure the lane is waited for first: what is under way must not arrive in what another call uses. */
void fd_workspace_give(const fd_call *c, const fd_error *failed);

/* P-Net on the pyramids of all pictures: w->proposal, grouped by picture, best first, regressed and squared. */
fd_error *fd_propose(const fd_call *call) FD_CHECK;
/* R-Net thins out w->proposal and moves it. */
fd_error *fd_refine(const fd_call *call) FD_CHECK;
/* O-Net makes faces of w->proposal: faces[i] of each picture, largest first. */
fd_error *fd_settle(const fd_call *call, fd_faces *faces) FD_CHECK;
/* Leaves what `choice` asks for of the faces (largest first) of a picture of width x height. */
void fd_choose(fd_faces *faces, fd_choice choice, int32_t width, int32_t height);

#endif

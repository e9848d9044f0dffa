/* ns per pixel of the fused P-Net, one thread, each instruction set, beside the time that its multiply-adds alone would take at the core's
 * peak. Numbers of a machine that does something else meanwhile are worthless: run it alone, pinned (taskset -c 1). */
#include <stdlib.h>

#include "bench.h"
#include "engine/cpu/pnet.h"

typedef struct job { const fd_pnet *p; const float *image; int64_t h, w; float *box, *prob; void *scratch; } job;

static void run(void *self)
{
    const job *j = self;
    fd_pnet_run(j->p, j->image, j->h, j->w, j->box, j->prob, j->scratch);
}

/* Multiply-adds that a level's cells need, twice. */
static double flop(const int c[3], int64_t h, int64_t w)
{
    const int64_t ph = (h - 1) / 2, pw = (w - 1) / 2, first = (h - 2) * (w - 2), second = (ph - 2) * (pw - 2), cells = (ph - 4) * (pw - 4);
    return 2.0 * (double)(first * 27 * c[0] + second * 9 * c[0] * c[1] + cells * (9 * c[1] * c[2] + 6 * c[2]));
}

static void measure(const fd_pnet *p, fd_isa isa, const int channels[3])
{
    static const int64_t sizes[][2] = {{12, 16}, {24, 32}, {45, 61}, {138, 138}, {360, 480}, {719, 1079}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        job j = {.p = p, .h = sizes[i][0], .w = sizes[i][1]};
        const int64_t cells = ((j.h - 1) / 2 - 4) * ((j.w - 1) / 2 - 4);
        float *image = bench_numbers((size_t)(3 * j.h * j.w), 1.0f);
        j.image = image;
        j.box = bench_numbers((size_t)(4 * cells), 0.0f);
        j.prob = bench_numbers((size_t)(2 * cells), 0.0f);
        j.scratch = bench_numbers(fd_pnet_scratch(p) / sizeof(float) + 1, 0.0f);
        double s = bench_least(run, &j, 0.3), gflops = flop(channels, j.h, j.w) / s * 1e-9, peak = bench_peak(isa);
        printf("%-7s %4d x %-4d  %6.1f ns per pixel  %6.1f GFLOP/s  %3.0f %% of %.0f\n", fd_isa_name(isa), (int)j.h, (int)j.w,
               s * 1e9 / (double)(j.h * j.w), gflops, 100.0 * gflops / peak, peak);
        free(image);
        free(j.box);
        free(j.prob);
        free(j.scratch);
    }
}

int main(void)
{
    const int channels[3] = {10, 16, 32};
    float *numbers = bench_numbers(16384, 0.1f);
    fd_pnet_desc d = {.box_weight = numbers, .box_bias = numbers, .prob_weight = numbers, .prob_bias = numbers};
    for (int i = 0; i < 3; i++) {
        d.channels[i] = channels[i];
        d.weight[i] = d.bias[i] = d.slopes[i] = numbers;
    }
    for (fd_isa isa = 0; isa < FD_ISA_COUNT; isa++) {
        if (!bench_has(isa))
            continue;
        fd_pnet *p;
        bench_must(fd_pnet_prepare(&d, 4 << isa, &p));
        measure(p, isa, channels);
        fd_pnet_free(p);
    }
    free(numbers);
    return 0;
}

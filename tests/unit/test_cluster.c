/* Groups of rows: components against a search of the graph, whispers on graphs whose groups are beyond doubt. */
#include <math.h>
#include <stdbool.h>

#include "check.h"
#include "dist/cluster.h"

enum { MOST = 200 };

/* A graph from a matrix of who is near whom. */
typedef struct made { bool near[MOST][MOST]; int64_t n, start[MOST + 1], neighbour[MOST * MOST]; } made;

static void join(made *m, int64_t a, int64_t b)
{
    m->near[a][b] = m->near[b][a] = true;
}

static fd_graph graph_of(made *m)
{
    int64_t e = 0;
    for (int64_t i = 0; i < m->n; i++) {
        m->start[i] = e;
        for (int64_t j = 0; j < m->n; j++)
            if (m->near[i][j])
                m->neighbour[e++] = j;
    }
    m->start[m->n] = e;
    return (fd_graph){.n = m->n, .start = m->start, .neighbour = m->neighbour};
}

static made *make(int64_t n)
{
    static made m;
    memset(&m, 0, sizeof m);
    m.n = n;
    return &m;
}

static unsigned next(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void labels_are(const int64_t *label, const int64_t *wanted, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        assert_int_equal(label[i], wanted[i]);
}

static void the_largest_group_is_the_first(void **state)
{
    (void)state;
    made *m = make(7);
    int64_t label[7], *size, groups;
    static const int64_t wanted[] = {1, 0, 2, 0, 1, 0, 3};   /* of two groups of one the earlier */
    join(m, 0, 4);
    join(m, 5, 3);
    join(m, 3, 1);
    join(m, 2, 2);   /* with itself: alone */
    const fd_graph g = graph_of(m);
    assert_ok(fd_cluster_connected(&g, label));
    labels_are(label, wanted, 7);
    assert_ok(fd_cluster_sizes(label, 7, &size, &groups));
    assert_int_equal(groups, 4);
    static const int64_t sizes[] = {3, 2, 1, 1};
    labels_are(size, sizes, 4);
    free(size);
    assert_ok(fd_cluster_whispers(&g, 1, label));
    labels_are(label, wanted, 7);
}

static void rows_of_no_group_stay_out(void **state)
{
    (void)state;
    int64_t label[] = {-1, 5, 2, -1, 5, 0}, *size, groups;
    static const int64_t wanted[] = {-1, 0, 1, -1, 0, 2}, sizes[] = {2, 1, 1};
    assert_ok(fd_cluster_number(label, 6));
    labels_are(label, wanted, 6);
    assert_ok(fd_cluster_sizes(label, 6, &size, &groups));
    assert_int_equal(groups, 3);
    labels_are(size, sizes, 3);
    free(size);
}

static void visit(const made *m, int64_t i, int64_t mark, int64_t *marks)
{
    marks[i] = mark;
    for (int64_t j = 0; j < m->n; j++)
        if (m->near[i][j] && marks[j] < 0)
            visit(m, j, mark, marks);
}

static void components_are_what_a_search_reaches(void **state)
{
    (void)state;
    unsigned random = 5;
    int64_t label[MOST], marks[MOST];
    for (int edges = 0; edges < 240; edges += 20) {
        made *m = make(MOST);
        for (int e = 0; e < edges; e++) {
            const int64_t a = next(&random) % MOST, b = next(&random) % MOST;
            join(m, a, b);
        }
        const fd_graph g = graph_of(m);
        assert_ok(fd_cluster_connected(&g, label));
        memset(marks, -1, sizeof marks);
        for (int64_t i = 0; i < MOST; i++)
            if (marks[i] < 0)
                visit(m, i, i, marks);
        assert_ok(fd_cluster_number(marks, MOST));
        labels_are(label, marks, MOST);
    }
}

/* Two groups of 20, each linked throughout, and one edge between them: one component, but two groups of whisperers. */
static void one_edge_does_not_join_two_people(void **state)
{
    (void)state;
    made *m = make(40);
    int64_t label[40], wanted[40];
    for (int64_t i = 0; i < 40; i++) {
        wanted[i] = i / 20;
        for (int64_t j = 0; j < i; j++)
            if (i / 20 == j / 20)
                join(m, i, j);
    }
    join(m, 19, 20);
    const fd_graph g = graph_of(m);
    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_ok(fd_cluster_whispers(&g, seed, label));
        labels_are(label, wanted, 40);
    }
    memset(wanted, 0, sizeof wanted);
    assert_ok(fd_cluster_connected(&g, label));
    labels_are(label, wanted, 40);
}

/* Whatever the seed, a group lies within a component; the same seed gives the same groups. */
static void whispers_stay_within_components(void **state)
{
    (void)state;
    unsigned random = 9;
    int64_t label[MOST], again[MOST], component[MOST];
    made *m = make(MOST);
    for (int e = 0; e < 300; e++) {
        const int64_t a = next(&random) % MOST, b = next(&random) % 10 + a / 10 * 10;
        join(m, a, b);
    }
    const fd_graph g = graph_of(m);
    assert_ok(fd_cluster_connected(&g, component));
    for (uint64_t seed = 0; seed < 20; seed++) {
        assert_ok(fd_cluster_whispers(&g, seed, label));
        assert_ok(fd_cluster_whispers(&g, seed, again));
        labels_are(label, again, MOST);
        for (int64_t i = 0; i < MOST; i++)
            for (int64_t j = 0; j < i; j++)
                assert_true(label[i] != label[j] || component[i] == component[j]);
    }
}

/* Rows 0..2 and 3..5 are two groups, each linked throughout; row 6 has two far neighbours in the one and one near in the other. */
static void near_neighbours_weigh_more(void **state)
{
    (void)state;
    made *m = make(7);
    int64_t label[7];
    int32_t weight[MOST];
    float value[MOST];
    for (int64_t i = 0; i < 6; i++)
        for (int64_t j = 0; j < i; j++)
            if (i / 3 == j / 3)
                join(m, i, j);
    join(m, 6, 0);
    join(m, 6, 1);
    join(m, 6, 3);
    fd_graph g = graph_of(m);
    for (int64_t i = 0; i < 7; i++)
        for (int64_t e = g.start[i]; e < g.start[i + 1]; e++) {
            const int64_t other = i == 6 ? g.neighbour[e] : i;
            value[e] = i < 6 && g.neighbour[e] < 6 ? 0.1f : other < 3 ? 0.9f : 0.3f;
        }
    fd_cluster_weights(FD_EUCLIDEAN, 1, value, g.start[7], weight);
    for (uint64_t seed = 0; seed < 20; seed++) {
        g.weight = NULL;
        assert_ok(fd_cluster_whispers(&g, seed, label));
        assert_int_equal(label[6], label[0]);
        g.weight = weight;
        assert_ok(fd_cluster_whispers(&g, seed, label));
        assert_int_equal(label[6], label[3]);
        assert_int_not_equal(label[6], label[0]);
    }
}

static void weights_are_those_of_the_metric(void **state)
{
    (void)state;
    static const float value[] = {0, 0.5f, 1, 2}, same[] = {1, 1}, beyond[] = {INFINITY, 1};
    int32_t weight[4];
    const struct { fd_metric metric; float radius; int32_t parts[4]; } rows[] = {   /* of 16 */
        {FD_EUCLIDEAN, 2, {16, 15, 12, 0}}, {FD_SQEUCLIDEAN, 2, {16, 12, 8, 0}}, {FD_COSINE, 2, {16, 12, 8, 0}}, {FD_INNER, 0, {0, 4, 8, 16}},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        fd_cluster_weights(rows[r].metric, rows[r].radius, value, 4, weight);
        for (int i = 0; i < 4; i++)
            assert_int_equal(weight[i], 1 + rows[r].parts[i] * (FD_WEIGHT_MOST / 16));
    }
    fd_cluster_weights(FD_EUCLIDEAN, 0, value, 1, weight);   /* equal rows only */
    assert_int_equal(weight[0], 1);
    fd_cluster_weights(FD_INNER, 1, same, 2, weight);
    assert_true(weight[0] == 1 && weight[1] == 1);
    fd_cluster_weights(FD_INNER, 0, beyond, 2, weight);
    assert_true(weight[0] == 1 + FD_WEIGHT_MOST && weight[1] == 1);
}

static void a_chain_in_any_order_is_one_component(void **state)
{
    (void)state;
    enum { N = 100000 };
    static int64_t parent[N];
    fd_union_init(parent, N);
    for (int64_t i = N - 1; i > 0; i--)   /* the longest way for a search of roots */
        fd_union_join(parent, i, i - 1);
    for (int64_t i = 0; i < N; i++)
        assert_int_equal(fd_union_root(parent, i), 0);
}

static void nothing_and_nonsense(void **state)
{
    (void)state;
    static const int64_t none[] = {0}, start[] = {0, 1, 2}, down[] = {0, 2, 1}, neighbour[] = {1, 2}, below[] = {-1, 0};
    int64_t label[2], *size, groups;
    const fd_graph empty = {0, none, NULL, NULL}, outside = {2, start, neighbour, NULL}, negative = {2, start, below, NULL},
                   falls = {2, down, neighbour, NULL};
    assert_ok(fd_cluster_connected(&empty, label));
    assert_ok(fd_cluster_whispers(&empty, 1, label));
    assert_ok(fd_cluster_sizes(label, 0, &size, &groups));
    assert_int_equal(groups, 0);
    free(size);
    assert_fails(fd_cluster_connected(&outside, label), FD_FORMAT, "row 2 of 2");
    assert_fails(fd_cluster_whispers(&negative, 1, label), FD_FORMAT, "row -1 of 2");
    assert_fails(fd_cluster_connected(&falls, label), FD_FORMAT, "end before they begin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_group_is_the_first),
        cmocka_unit_test(rows_of_no_group_stay_out),
        cmocka_unit_test(components_are_what_a_search_reaches),
        cmocka_unit_test(one_edge_does_not_join_two_people),
        cmocka_unit_test(whispers_stay_within_components),
        cmocka_unit_test(near_neighbours_weigh_more),
        cmocka_unit_test(weights_are_those_of_the_metric),
        cmocka_unit_test(a_chain_in_any_order_is_one_component),
        cmocka_unit_test(nothing_and_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The sets of positions that a walk beside the paths can have, found beforehand: one state a set, so that a member or an
 * element is one step and not a look at every position. Paths with many ** may have more sets than there is room for; then
 * there are no states and json_scan.c keeps sets. */
#include "src/kernel/json_internal.h"

enum { SET_MOST = 64, STATES_MOST = 256, STATES_A_NODE = 4, MOVES_A_STATE = 8 };

struct set {
    uint16_t node[SET_MOST]; /* ascending */
    uint32_t n;
    bool full;
};

struct building {
    struct bau_json_paths *paths;
    uint32_t most_states, most_moves, n_moves;
    struct set set;
};

uint32_t bau_json_states_most(size_t n_nodes)
{
    const size_t most = 4 + STATES_A_NODE * n_nodes;
    return (uint32_t)(most < STATES_MOST ? most : STATES_MOST);
}

size_t bau_json_states_bytes(size_t n_nodes)
{
    const size_t most = bau_json_states_most(n_nodes);
    return most * (sizeof(struct bau_json_state) + MOVES_A_STATE * sizeof(struct bau_json_move) +
                   SET_MOST * sizeof(uint16_t));
}

/* The node and what ** behind it adds: that may stand for no level at all. */
static void put(const struct bau_json_paths *p, struct set *set, uint16_t node)
{
    for (; node; node = p->nodes[node].deep) {
        uint32_t at = 0;
        while (at < set->n && set->node[at] < node)
            at++;
        if (at < set->n && set->node[at] == node)
            return;
        set->full = set->full || set->n == SET_MOST;
        if (set->full)
            return;
        memmove(set->node + at + 1, set->node + at, (set->n - at) * sizeof *set->node);
        set->node[at] = node;
        set->n++;
    }
}

static bool same_name(const struct bau_json_paths *p, const struct bau_json_node *a,
                      const struct bau_json_node *b)
{
    return a->name_len == b->name_len && memcmp(p->names + a->name, p->names + b->name, a->name_len) == 0;
}

/* The set after an element (element), or after a member: of the name of `name`, or of any other when it is NULL. */
static void move(struct building *b, const struct bau_json_state *from, bool element,
                 const struct bau_json_node *name)
{
    const struct bau_json_paths *p = b->paths;
    b->set.n = 0;
    for (uint32_t i = 0; i < from->n_set; i++) {
        const struct bau_json_node *node = &p->nodes[from->set[i]];
        if (node->is_deep)
            put(p, &b->set, from->set[i]);
        for (uint16_t c = node->first_name; name && c; c = p->nodes[c].next_name)
            if (same_name(p, &p->nodes[c], name))
                put(p, &b->set, c);
        put(p, &b->set, element ? node->element : node->member);
    }
}

/* The state of the set at hand, a new one if need be. */
static uint16_t state_of(struct building *b)
{
    struct bau_json_paths *p = b->paths;
    const struct set *set = &b->set;
    for (uint32_t i = 0; i < p->n_states; i++)
        if (p->states[i].n_set == set->n &&
            memcmp(p->states[i].set, set->node, set->n * sizeof *set->node) == 0)
            return (uint16_t)i;
    if (p->n_states == b->most_states || set->full) {
        b->set.full = true;
        return 0;
    }
    struct bau_json_state *s = &p->states[p->n_states];
    uint16_t *own = p->sets + (size_t)SET_MOST * p->n_states;
    memcpy(own, set->node, set->n * sizeof *own);
    *s = (struct bau_json_state){ .set = own, .n_set = (uint16_t)set->n, .path = -1 };
    for (uint32_t i = 0; i < set->n; i++) {
        const int32_t path = p->nodes[own[i]].path;
        if (path >= 0 && (s->path < 0 || p->rank[path] > p->rank[s->path]))
            s->path = path;
    }
    return (uint16_t)p->n_states++;
}

static void add_move(struct building *b, struct bau_json_state *from, const struct bau_json_node *name)
{
    struct bau_json_paths *p = b->paths;
    for (uint32_t i = 0; i < from->n_moves; i++) { /* two nodes may have children of one name */
        const struct bau_json_move *m = &from->moves[i];
        if (m->name_len == name->name_len &&
            memcmp(p->names + m->name, p->names + name->name, m->name_len) == 0)
            return;
    }
    move(b, from, false, name);
    const uint16_t to = state_of(b);
    if (b->n_moves == b->most_moves)
        b->set.full = true;
    if (b->set.full)
        return;
    from->moves[from->n_moves++] =
        (struct bau_json_move){ .name = name->name, .name_len = name->name_len, .to = to };
    from->hint |= bau_json_hint(p->names + name->name, name->name_len);
    b->n_moves++;
}

void bau_json_states_init(struct bau_json_paths *paths, size_t n_nodes, void *memory)
{
    struct building b = { .paths = paths, .most_states = bau_json_states_most(n_nodes) };
    b.most_moves = MOVES_A_STATE * b.most_states;
    paths->states = memory;
    struct bau_json_move *moves = (void *)(paths->states + b.most_states);
    paths->sets = (void *)(moves + b.most_moves);
    paths->n_states = 0;
    b.set.node[b.set.n++] = 0; /* `$`; put cannot tell it from "none" */
    put(paths, &b.set, paths->nodes[0].deep);
    (void)state_of(&b);
    for (uint32_t i = 0; i < paths->n_states && !b.set.full; i++) {
        struct bau_json_state *s = &paths->states[i];
        s->moves = moves + b.n_moves;
        move(&b, s, true, NULL);
        s->element = state_of(&b);
        move(&b, s, false, NULL);
        s->member = state_of(&b);
        for (uint32_t k = 0; k < s->n_set; k++)
            for (uint16_t c = paths->nodes[s->set[k]].first_name; c && !b.set.full;
                 c = paths->nodes[c].next_name)
                add_move(&b, s, &paths->nodes[c]);
    }
    if (b.set.full)
        paths->n_states = 0;
}

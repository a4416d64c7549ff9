/* The latent class E-step and the climb, compiled. What they do is said in halves.py and climb.py, which do the same in
   NumPy and are what this file is held to (tests/unit/stats/latent_class/test_compiled.py).

   The E-step walks the sorted patterns as a tree. Patterns come as one code a block of items; those that begin alike
   stand together, so the product of probabilities over the blocks but the last is made once for each such run, and the
   expected weights are added up run by run on the way back. The only logarithm is that of each pattern's probability.

   Sums are always taken in the same order, on one thread: a fit is the same bit for bit however many run side by side.
   C99. With GCC or Clang four classes are worked on at once; other compilers take one at a time. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define PUBLIC __declspec(dllexport)
#elif defined(__GNUC__)
#define PUBLIC __attribute__((visibility("default")))
#else
#define PUBLIC
#endif

#if defined(_MSC_VER)
#define INLINE static __forceinline
#elif defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

/* On Linux one library serves old and new processors: the loader takes the best of three versions of each hot function.
   Clang and other systems compile for the processors they all have. PLAIN does without this, and without lanes. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__gnu_linux__) && !defined(PLAIN)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

#if defined(__GNUC__) && !defined(PLAIN)
typedef double Lanes __attribute__((vector_size(32), aligned(32)));
#define LANES 4
INLINE double sum_of(const Lanes *x) { return ((*x)[0] + (*x)[1]) + ((*x)[2] + (*x)[3]); }
#else
typedef double Lanes;
#define LANES 1
INLINE double sum_of(const Lanes *x) { return *x; }
#endif

static const Lanes nothing = {0};

#define MOST_CLASSES 128
#define MOST_WIDE (MOST_CLASSES / LANES)
#define LEAST_PRODUCT 1e-280 /* a smaller product has lost digits, or all of them */
#define AT_ONCE 256

#ifndef SOURCE_DIGEST
#define SOURCE_DIGEST "unknown"
#endif

/* What the caller passes in; the field order is compiled.py's. Items are in the order of the blocks. */
typedef struct {
    int64_t patterns;
    int32_t blocks, items, cells, classes;
    const int32_t *codes;       /* (patterns, blocks), sorted */
    const double *weights;      /* (patterns) */
    const int32_t *block_items; /* (blocks) number of items in each */
    const int32_t *radices;     /* (items) answers an item can have, a missing one the last */
    const int32_t *sizes;       /* (items) levels of each */
    const int32_t *first_cells; /* (items) where the levels begin among the cells */
    double prior;
    double least_log; /* no log probability is below this */
} Problem;

/* When to stop and how far to step; the numbers are climb.py's. */
typedef struct {
    int32_t em_steps, most_steps, remembered, halvings, window;
    double gain_left, longest_step, nearly_certain, fair_part, rounding, curved, slow;
} Rules;

/* How the surface bends: the inverse of the information (count, count) about the free places of the flat vector. */
typedef struct {
    int32_t count;
    const int32_t *free;
    const float *inverse;
} Bend;

typedef struct {
    int32_t steps, stopped;
    double gain_left;
} Ended;

enum { DONE = 0, VANISHED = 1, NO_MEMORY = 2 };
enum { ARRIVED = 0, SLOW = 1, OUT_OF_STEPS = 2 };

/* The patterns as the walk wants them, and room to work in. */
typedef struct {
    const Problem *of;
    int wide;           /* lanes that hold the classes, the last ones filled up with nothing */
    int64_t runs;       /* patterns alike in all blocks but the last */
    int64_t *run_ends;  /* (runs) */
    int32_t *last;      /* (patterns) answer to the last block */
    int64_t *tables_at; /* (blocks + 1) where each block's answers begin */
    Lanes *shares, *probabilities;
    Lanes *tables, *folded; /* probability and expected weight of each answer to each block */
    Lanes *prefix, *pending; /* (blocks) products so far, and weights not yet added further up */
    Lanes *counts;          /* (cells) */
    double *marginals;      /* (patterns) */
} Walk;

/* Where the climb stands. Vectors are flat: the classes' shares, then cell by cell. */
typedef struct {
    double *at, *slope, *fitted, *expected;
    double loglik, value;
} Stand;

/* ---- the E-step ---- */

/* Add what is pending at each prefix that ends here to its own answer and to the prefix it is part of. */
INLINE void go_back(const Walk *work, const int wide, const int32_t *code, const int from, const int to) {
    for (int b = from; b > to; b--) {
        Lanes *into = work->folded + (work->tables_at[b - 1] + code[b - 1]) * wide;
        Lanes *here = work->pending + b * wide, *up = here - wide;
        for (int k = 0; k < wide; k++) {
            into[k] += here[k];
            up[k] += here[k];
            here[k] = nothing;
        }
    }
}

/* Multiply the products on, from the prefix that stays the same to the one before the last block. */
INLINE void go_on(const Walk *work, const int wide, const int32_t *code, const int from, const int to) {
    for (int b = from; b < to; b++) {
        const Lanes *factor = work->tables + (work->tables_at[b] + code[b]) * wide;
        const Lanes *here = work->prefix + b * wide;
        Lanes *next = work->prefix + (b + 1) * wide;
        for (int k = 0; k < wide; k++) next[k] = here[k] * factor[k];
    }
}

/* The patterns first to end, alike but for the last block: marginals, and expected weights to their answers. */
INLINE void take_run(const Walk *work, const int wide, const int64_t first, const int64_t end) {
    const int prefixes = work->of->blocks - 1;
    const Lanes *table = work->tables + work->tables_at[prefixes] * wide;
    Lanes *folded = work->folded + work->tables_at[prefixes] * wide, *pending = work->pending + prefixes * wide;
    Lanes so_far[MOST_WIDE], joint[MOST_WIDE], gathered[MOST_WIDE];
    for (int k = 0; k < wide; k++) so_far[k] = work->prefix[prefixes * wide + k];
    for (int k = 0; k < wide; k++) gathered[k] = nothing;
    for (int64_t p = first; p < end; p++) {
        const int64_t place = (int64_t)work->last[p] * wide;
        const Lanes *factor = table + place;
        Lanes *into = folded + place;
        for (int k = 0; k < wide; k++) joint[k] = so_far[k] * factor[k];
        Lanes sum = joint[0];
        for (int k = 1; k < wide; k++) sum += joint[k];
        const double marginal = sum_of(&sum), share = work->of->weights[p] / marginal;
        work->marginals[p] = marginal;
        for (int k = 0; k < wide; k++) {
            const Lanes belongs = share * joint[k];
            into[k] += belongs;
            gathered[k] += belongs;
        }
    }
    for (int k = 0; k < wide; k++) pending[k] += gathered[k];
}

/* Walk all patterns: each one's probability into marginals, its expected weights into folded and pending[0]. */
INLINE void walk_patterns(const Walk *work, const int wide) {
    const Problem *of = work->of;
    const int prefixes = of->blocks - 1;
    int64_t p = 0;
    for (int64_t run = 0; run < work->runs; run++) {
        const int32_t *code = of->codes + p * of->blocks;
        int alike = 0;
        if (p > 0) {
            const int32_t *before = code - of->blocks;
            while (code[alike] == before[alike]) alike++; /* runs differ before the last block */
            go_back(work, wide, before, prefixes, alike);
        }
        go_on(work, wide, code, alike, prefixes);
        take_run(work, wide, p, work->run_ends[run]);
        p = work->run_ends[run];
    }
    go_back(work, wide, of->codes + (of->patterns - 1) * of->blocks, prefixes, 0);
}

/* One instance for each common width, so that the compiler keeps the classes in registers, and one for any other. */
#define WALK(wide) \
    FOR_EACH_PROCESSOR static void walk_##wide(const Walk *work) { walk_patterns(work, wide); }
WALK(1) WALK(2) WALK(3) WALK(4) WALK(5) WALK(6) WALK(7) WALK(8)
FOR_EACH_PROCESSOR static void walk_any(const Walk *work) { walk_patterns(work, work->wide); }

static void walk(const Walk *work) {
    switch (work->wide) {
        case 1: walk_1(work); break;
        case 2: walk_2(work); break;
        case 3: walk_3(work); break;
        case 4: walk_4(work); break;
        case 5: walk_5(work); break;
        case 6: walk_6(work); break;
        case 7: walk_7(work); break;
        case 8: walk_8(work); break;
        default: walk_any(work);
    }
}

/* Natural logarithms of n positive normal numbers, written so that the compiler does several at once.
   x = m 2^e with m near 1, and ln m = 2 artanh z = 2 (z + z^3/3 + z^5/5 + ...) with z = (m - 1)/(m + 1), |z| < 0.172:
   the first term left out is below 1e-17 of the first. */
INLINE void logarithms(const double *x, double *logs, int n) {
    const double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45; /* together ln 2 to 1e-29 */
    for (int i = 0; i < n; i++) {
        uint64_t bits, shifted, whole;
        double m, e;
        memcpy(&bits, x + i, 8);
        shifted = bits - 0x3fe6a09e667f3bcdULL; /* the bits of sqrt(1/2): m falls in [sqrt(1/2), sqrt(2)) */
        bits -= shifted & 0xfff0000000000000ULL;
        whole = (uint64_t)((int64_t)shifted >> 52) + 0x4338000000000000ULL; /* those of 1.5 2^52 + e */
        memcpy(&m, &bits, 8);
        memcpy(&e, &whole, 8);
        e -= 0x1.8p52;
        const double z = (m - 1.0) / (m + 1.0), s = z * z;
        double sum = 1.0 / 21.0;
        sum = sum * s + 1.0 / 19.0;
        sum = sum * s + 1.0 / 17.0;
        sum = sum * s + 1.0 / 15.0;
        sum = sum * s + 1.0 / 13.0;
        sum = sum * s + 1.0 / 11.0;
        sum = sum * s + 1.0 / 9.0;
        sum = sum * s + 1.0 / 7.0;
        sum = sum * s + 1.0 / 5.0;
        sum = sum * s + 1.0 / 3.0;
        logs[i] = e * ln2_high + (2.0 * z + (2.0 * z * s * sum + e * ln2_low));
    }
}

/* Sum of products, eight partial sums side by side. */
INLINE double dot_inline(const double *a, const double *b, int64_t n) {
    double part[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++) part[k] += a[i + k] * b[i + k];
    for (int k = 0; i < n; i++, k++) part[k] += a[i] * b[i];
    return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}
FOR_EACH_PROCESSOR static double dot(const double *a, const double *b, int64_t n) { return dot_inline(a, b, n); }

/* Sum of weight times logarithm; whether any marginal is too small to be trusted goes to vanished. */
FOR_EACH_PROCESSOR static double log_likelihood(const Walk *work, int *vanished) {
    const int64_t patterns = work->of->patterns;
    double total = 0.0, logs[AT_ONCE];
    int small = 0;
    for (int64_t first = 0; first < patterns; first += AT_ONCE) {
        const int n = (int)(patterns - first < AT_ONCE ? patterns - first : AT_ONCE);
        const double *marginals = work->marginals + first;
        for (int i = 0; i < n; i++) small |= !(marginals[i] >= LEAST_PRODUCT);
        logarithms(marginals, logs, n);
        total += dot_inline(logs, work->of->weights + first, n);
    }
    *vanished = small;
    return total;
}

/* The probability of every answer to each block: item by item, each answer so far times each answer to the item. */
FOR_EACH_PROCESSOR static void make_tables(const Walk *work) {
    const Problem *of = work->of;
    const int wide = work->wide;
    int item = 0;
    for (int b = 0; b < of->blocks; b++) {
        Lanes *table = work->tables + work->tables_at[b] * wide;
        int64_t answers = 1;
        for (int k = 0; k < wide; k++) table[k] = nothing + 1.0;
        for (int end = item + of->block_items[b]; item < end; item++) {
            const int radix = of->radices[item], levels = of->sizes[item];
            const Lanes *own = work->probabilities + (int64_t)of->first_cells[item] * wide;
            for (int64_t c = answers - 1; c >= 0; c--) /* from the end, so that none is overwritten unread */
                for (int a = radix - 1; a >= 0; a--)
                    for (int k = 0; k < wide; k++) {
                        const Lanes before = table[c * wide + k];
                        table[(c * radix + a) * wide + k] = a < levels ? before * own[a * wide + k] : before;
                    }
            answers *= radix;
        }
    }
}

/* The other way: the weights of a block's answers to the counts of its items' cells, the last item first. */
FOR_EACH_PROCESSOR static void unfold_tables(const Walk *work) {
    const Problem *of = work->of;
    const int wide = work->wide;
    int item = of->items;
    for (int b = of->blocks - 1; b >= 0; b--) {
        Lanes *folded = work->folded + work->tables_at[b] * wide;
        int64_t answers = work->tables_at[b + 1] - work->tables_at[b];
        for (int first = item - of->block_items[b]; item > first;) {
            item--;
            const int radix = of->radices[item], levels = of->sizes[item];
            Lanes *own = work->counts + (int64_t)of->first_cells[item] * wide;
            answers /= radix;
            for (int64_t c = 0; c < answers; c++)
                for (int k = 0; k < wide; k++) {
                    Lanes sum = folded[c * radix * wide + k];
                    own[k] += sum;
                    for (int a = 1; a < radix; a++) {
                        const Lanes more = folded[(c * radix + a) * wide + k];
                        if (a < levels) own[a * wide + k] += more;
                        sum += more;
                    }
                    folded[c * wide + k] = sum;
                }
        }
    }
}

/* The E-step at probabilities laid out in lanes: log-likelihood, members and counts without the prior. */
static int expect_at(const Walk *work, double *loglik, double *expected) {
    const Problem *of = work->of;
    const size_t lane = sizeof(Lanes) * (size_t)work->wide;
    const int classes = of->classes, room = work->wide * LANES;
    int vanished;
    make_tables(work);
    memset(work->folded, 0, lane * (size_t)work->tables_at[of->blocks]);
    memset(work->pending, 0, lane * (size_t)of->blocks);
    memset(work->counts, 0, lane * (size_t)of->cells);
    memcpy(work->prefix, work->shares, lane);
    walk(work);
    *loglik = log_likelihood(work, &vanished);
    if (vanished) return VANISHED;
    unfold_tables(work);
    memcpy(expected, work->pending, sizeof(double) * (size_t)classes);
    for (int cell = 0; cell < of->cells; cell++)
        memcpy(expected + (cell + 1) * classes, (double *)work->counts + (int64_t)cell * room,
               sizeof(double) * (size_t)classes);
    return DONE;
}

/* ---- parameters ---- */

/* Make the probabilities of one simplex sum to one and keep them inside the bound: at (levels, classes), the room of a
   class in lanes apart in probabilities. */
static void normalise(double *at, double *probabilities, int levels, int classes, int room, double least_log) {
    const double least = exp(least_log);
    for (int k = 0; k < classes; k++) {
        double top = at[k], sum = 0.0;
        for (int a = 1; a < levels; a++)
            if (at[a * classes + k] > top) top = at[a * classes + k];
        for (int a = 0; a < levels; a++) sum += probabilities[a * room + k] = exp(at[a * classes + k] - top);
        const double log_sum = log(sum);
        for (int a = 0; a < levels; a++) {
            double *own = at + a * classes + k;
            *own = *own - top - log_sum;
            probabilities[a * room + k] /= sum;
            if (*own < least_log) {
                *own = least_log;
                probabilities[a * room + k] = least;
            }
        }
    }
}

/* Stand at some parameters: normalise them and learn what the E-step says there. */
static int stand_at(const Walk *work, Stand *stand) {
    const Problem *of = work->of;
    const int classes = of->classes, room = work->wide * LANES;
    double *shares = (double *)work->shares, *probabilities = (double *)work->probabilities;
    double logs = 0.0, all = 0.0;
    normalise(stand->at, shares, classes, 1, 1, of->least_log);
    for (int item = 0; item < of->items; item++)
        normalise(stand->at + classes + (int64_t)of->first_cells[item] * classes,
                  probabilities + (int64_t)of->first_cells[item] * room, of->sizes[item], classes, room, of->least_log);
    const int status = expect_at(work, &stand->loglik, stand->expected);
    if (status != DONE) return status;
    const int size = classes * (of->cells + 1);
    for (int i = 0; i < size; i++) {
        stand->expected[i] += of->prior;
        logs += stand->at[i];
    }
    stand->value = stand->loglik + (of->prior > 0.0 ? of->prior * logs : 0.0);
    for (int k = 0; k < classes; k++) all += stand->expected[k];
    for (int k = 0; k < classes; k++) stand->fitted[k] = all * shares[k];
    for (int item = 0; item < of->items; item++)
        for (int k = 0; k < classes; k++) {
            const int64_t first = of->first_cells[item];
            double seen = 0.0;
            for (int a = 0; a < of->sizes[item]; a++) seen += stand->expected[(first + a + 1) * classes + k];
            for (int a = 0; a < of->sizes[item]; a++)
                stand->fitted[(first + a + 1) * classes + k] = seen * probabilities[(first + a) * room + k];
        }
    for (int i = 0; i < size; i++) {
        stand->slope[i] = stand->expected[i] - stand->fitted[i];
        if (stand->at[i] <= of->least_log && stand->slope[i] < 0.0) stand->slope[i] = 0.0;
    }
    return DONE;
}

/* The M-step: where the expected counts would have the parameters; an item an empty class never saw keeps its own. */
static void maximise(const Walk *work, const Stand *from, double *at) {
    const Problem *of = work->of;
    const int classes = of->classes;
    double all = 0.0;
    for (int k = 0; k < classes; k++) all += from->expected[k];
    for (int k = 0; k < classes; k++) at[k] = log(from->expected[k] / all);
    for (int item = 0; item < of->items; item++) {
        const int64_t first = (int64_t)(of->first_cells[item] + 1) * classes, levels = of->sizes[item];
        for (int k = 0; k < classes; k++) {
            double seen = 0.0;
            for (int64_t i = first + k; i < first + levels * classes; i += classes) seen += from->expected[i];
            for (int64_t i = first + k; i < first + levels * classes; i += classes)
                at[i] = seen > 0.0 ? log(from->expected[i] / seen) : from->at[i];
        }
    }
}

/* ---- room to work in ---- */

static void *carve(char *base, size_t *used, size_t bytes) {
    void *here = base ? base + *used : NULL;
    *used += (bytes + 63) / 64 * 64;
    return here;
}

/* Lay everything out in one stretch of memory; with no base, only say how much is wanted. */
static size_t lay_out(Walk *work, char *base) {
    const Problem *of = work->of;
    const size_t lane = sizeof(Lanes) * (size_t)work->wide, blocks = (size_t)of->blocks;
    const size_t answers = (size_t)work->tables_at[blocks], patterns = (size_t)of->patterns;
    size_t used = 0;
    work->shares = carve(base, &used, lane);
    work->probabilities = carve(base, &used, lane * (size_t)of->cells);
    work->counts = carve(base, &used, lane * (size_t)of->cells);
    work->tables = carve(base, &used, lane * answers);
    work->folded = carve(base, &used, lane * answers);
    work->prefix = carve(base, &used, lane * blocks);
    work->pending = carve(base, &used, lane * blocks);
    work->marginals = carve(base, &used, sizeof(double) * patterns);
    work->run_ends = carve(base, &used, sizeof(int64_t) * patterns);
    work->last = carve(base, &used, sizeof(int32_t) * patterns);
    return used;
}

static void find_runs(Walk *work) {
    const Problem *of = work->of;
    const int blocks = of->blocks;
    work->runs = 0;
    for (int64_t p = 0; p < of->patterns; p++) {
        const int32_t *code = of->codes + p * blocks;
        work->last[p] = code[blocks - 1];
        if (p > 0 && memcmp(code, code - blocks, sizeof(int32_t) * (size_t)(blocks - 1)))
            work->run_ends[work->runs++] = p;
    }
    work->run_ends[work->runs++] = of->patterns;
}

/* Memory to give back with free, or NULL. */
static void *open_walk(Walk *work, const Problem *of) {
    memset(work, 0, sizeof *work);
    work->of = of;
    work->wide = (of->classes + LANES - 1) / LANES;
    int64_t *tables_at = malloc(sizeof(int64_t) * (size_t)(of->blocks + 1));
    if (!tables_at) return NULL;
    work->tables_at = tables_at;
    tables_at[0] = 0;
    for (int b = 0, item = 0; b < of->blocks; b++) {
        int64_t answers = 1;
        for (int end = item + of->block_items[b]; item < end; item++) answers *= of->radices[item];
        tables_at[b + 1] = tables_at[b] + answers;
    }
    char *memory = calloc(1, lay_out(work, NULL) + 64);
    if (!memory) {
        free(tables_at);
        return NULL;
    }
    lay_out(work, memory + (64 - (uintptr_t)memory % 64) % 64);
    find_runs(work);
    return memory;
}

static void close_walk(Walk *work, void *memory) {
    free(work->tables_at);
    free(memory);
}

/* ---- L-BFGS ---- */

typedef struct {
    int size, most, kept, next;
    double *moved, *bent; /* (most, size) steps taken, and how the slope fell along them */
    double *curve, *taken; /* (most) */
    const Bend *bend;      /* or NULL: as it would bend if the classes were seen */
    double *free;          /* (size) room for the free places */
    double scale;          /* by which the last step was longer than the bend said */
} Memory;

static int slot(const Memory *memory, int back) { return (memory->next - 1 - back + 2 * memory->most) % memory->most; }

FOR_EACH_PROCESSOR static void add_scaled(double *to, double scale, const double *from, int n) {
    for (int i = 0; i < n; i++) to[i] += scale * from[i];
}

FOR_EACH_PROCESSOR static double dot_floats(const float *a, const double *b, int64_t n) {
    double part[16] = {0};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int k = 0; k < 16; k++) part[k] += (double)a[i + k] * b[i + k];
    for (int k = 0; i < n; i++, k++) part[k] += (double)a[i] * b[i];
    for (int k = 1; k < 16; k++) part[0] += part[k];
    return part[0];
}

/* The step that a slope asks for where the surface bends as it is said to, in place. */
static void undo_bend(const Bend *bend, double scale, double *free, double *direction, int n) {
    for (int i = 0; i < bend->count; i++) free[i] = direction[bend->free[i]];
    memset(direction, 0, sizeof(double) * (size_t)n);
    for (int i = 0; i < bend->count; i++)
        direction[bend->free[i]] = scale * dot_floats(bend->inverse + (int64_t)i * bend->count, free, bend->count);
}

/* How much longer a step was than the bend would have it from the fall in slope along it. */
static double scale_of(const Bend *bend, double *free, const double *bent, double curve) {
    double said = 0.0;
    for (int i = 0; i < bend->count; i++) free[i] = bent[bend->free[i]];
    for (int i = 0; i < bend->count; i++)
        said += free[i] * dot_floats(bend->inverse + (int64_t)i * bend->count, free, bend->count);
    return curve / said;
}

/* The direction of ascent by the two-loop recursion. */
static void ascend(const Memory *memory, const Stand *here, double nearly_certain, double least_log,
                   double *direction) {
    const int n = memory->size;
    memcpy(direction, here->slope, sizeof(double) * (size_t)n);
    for (int back = 0; back < memory->kept; back++) {
        const int s = slot(memory, back);
        memory->taken[s] = dot(memory->moved + (int64_t)s * n, direction, n) / memory->curve[s];
        add_scaled(direction, -memory->taken[s], memory->bent + (int64_t)s * n, n);
    }
    if (memory->bend) undo_bend(memory->bend, memory->kept ? memory->scale : 1.0, memory->free, direction, n);
    else
        for (int i = 0; i < n; i++)
            direction[i] /= here->fitted[i] > nearly_certain ? here->fitted[i] : nearly_certain;
    for (int back = memory->kept - 1; back >= 0; back--) {
        const int s = slot(memory, back);
        const double share = memory->taken[s] - dot(memory->bent + (int64_t)s * n, direction, n) / memory->curve[s];
        add_scaled(direction, share, memory->moved + (int64_t)s * n, n);
    }
    for (int i = 0; i < n; i++)
        if (here->at[i] <= least_log && here->slope[i] == 0.0) direction[i] = 0.0;
}

/* Keep the step from here to there, when the surface curved downwards along it. */
static void keep_step(Memory *memory, const Stand *here, const Stand *there, double curved) {
    const int n = memory->size;
    double *moved = memory->moved + (int64_t)memory->next * n, *bent = memory->bent + (int64_t)memory->next * n;
    for (int i = 0; i < n; i++) {
        moved[i] = there->at[i] - here->at[i];
        bent[i] = here->slope[i] - there->slope[i];
    }
    const double curve = dot(moved, bent, n);
    if (!(curve > curved * sqrt(dot(moved, moved, n) * dot(bent, bent, n)))) return;
    memory->curve[memory->next] = curve;
    if (memory->bend) memory->scale = scale_of(memory->bend, memory->free, bent, curve);
    memory->next = (memory->next + 1) % memory->most;
    if (memory->kept < memory->most) memory->kept++;
}

/* The first of ever shorter steps that gains a fair part of what the slope promises; found says if there is one. */
static int search_line(const Walk *work, const Rules *rules, const Stand *here, Stand *there, double *direction,
                       int *found) {
    const int n = work->of->classes * (work->of->cells + 1);
    double furthest = 0.0, length = 1.0;
    for (int i = 0; i < n; i++)
        if (fabs(direction[i]) > furthest) furthest = fabs(direction[i]);
    const double scale = furthest > rules->longest_step ? rules->longest_step / furthest : 1.0;
    for (int i = 0; i < n; i++) direction[i] *= scale;
    const double promise = dot(here->slope, direction, n), rounding = rules->rounding * fabs(here->value);
    *found = 0;
    for (int halving = 0; halving < rules->halvings && promise > 0.0; halving++, length *= 0.5) {
        for (int i = 0; i < n; i++) there->at[i] = here->at[i] + length * direction[i];
        const int status = stand_at(work, there);
        if (status != DONE) return status;
        if (there->value >= here->value + rules->fair_part * length * promise - rounding) {
            *found = 1;
            return DONE;
        }
    }
    return DONE;
}

static void change_places(Stand **here, Stand **there) {
    Stand *kept = *here;
    *here = *there;
    *there = kept;
}

/* L-BFGS from where *here stands; in the end *here is the highest point reached. */
static int climb_on(const Walk *work, const Rules *rules, Memory *memory, Stand **here, Stand **there,
                    double *direction, Ended *ended) {
    const int n = memory->size;
    int status, found;
    double last = (*here)->value;
    for (int step = 0; step < rules->most_steps; step++, ended->steps++) {
        if (rules->window && step && step % rules->window == 0) {
            ended->stopped = SLOW;
            if ((*here)->value - last < rules->slow) return DONE;
            last = (*here)->value;
        }
        ended->stopped = ARRIVED;
        ascend(memory, *here, rules->nearly_certain, work->of->least_log, direction);
        ended->gain_left = dot((*here)->slope, direction, n) / 2.0;
        if (ended->gain_left < 0.0 && memory->kept) { /* the bounds have turned the direction downhill: begin anew */
            memory->kept = 0;
            continue;
        }
        if (ended->gain_left < rules->gain_left) return DONE;
        if ((status = search_line(work, rules, *here, *there, direction, &found)) != DONE) return status;
        if (!found) {
            memory->kept = 0;
            maximise(work, *here, (*there)->at);
            if ((status = stand_at(work, *there)) != DONE) return status;
            if ((*there)->value <= (*here)->value) return DONE;
        }
        keep_step(memory, *here, *there, rules->curved);
        change_places(here, there);
    }
    ended->stopped = OUT_OF_STEPS;
    return DONE;
}

static int climb_in(const Walk *work, const Rules *rules, const Bend *bend, double *flat, Ended *ended, double *room) {
    const int n = work->of->classes * (work->of->cells + 1);
    Stand stands[2], *here = stands, *there = stands + 1;
    for (int s = 0; s < 2; s++, room += 4 * n)
        stands[s] = (Stand){room, room + n, room + 2 * n, room + 3 * n, 0.0, 0.0};
    double *direction = room;
    Memory memory = {n, rules->remembered, 0, 0, room + 2 * n, NULL, NULL, NULL, bend, room + n, 1.0};
    memory.bent = memory.moved + (int64_t)rules->remembered * n;
    memory.curve = memory.bent + (int64_t)rules->remembered * n;
    memory.taken = memory.curve + rules->remembered;
    memcpy(here->at, flat, sizeof(double) * (size_t)n);
    *ended = (Ended){0, OUT_OF_STEPS, INFINITY};
    int status = stand_at(work, here);
    for (; status == DONE && ended->steps < rules->em_steps; ended->steps++) {
        maximise(work, here, there->at);
        status = stand_at(work, there);
        if (status == DONE) change_places(&here, &there);
    }
    if (status == DONE) status = climb_on(work, rules, &memory, &here, &there, direction, ended);
    memcpy(flat, here->at, sizeof(double) * (size_t)n);
    return status;
}

/* ---- what Python calls ---- */

/* EM steps and then L-BFGS from flat, (classes (cells + 1)), which in the end holds the highest point reached. With
   no bend the surface is taken to bend as it would if the classes were seen. */
PUBLIC int careloom_climb(const Problem *of, const Rules *rules, const Bend *bend, double *flat, Ended *ended) {
    const size_t n = (size_t)of->classes * (size_t)(of->cells + 1), remembered = (size_t)rules->remembered;
    Walk work;
    void *memory = open_walk(&work, of);
    double *room = malloc(sizeof(double) * (n * (10 + 2 * remembered) + 2 * remembered));
    int status = NO_MEMORY;
    if (memory && room) status = climb_in(&work, rules, bend, flat, ended, room);
    if (memory) close_walk(&work, memory);
    free(room);
    return status;
}

/* The E-step: log-likelihood, and expected (classes (cells + 1)) members and counts, without the prior. */
PUBLIC int careloom_expect(const Problem *of, const double *flat, double *loglik, double *expected) {
    const int classes = of->classes;
    Walk work;
    void *memory = open_walk(&work, of);
    if (!memory) return NO_MEMORY;
    for (int k = 0; k < classes; k++) ((double *)work.shares)[k] = exp(flat[k]);
    for (int cell = 0; cell < of->cells; cell++)
        for (int k = 0; k < classes; k++)
            ((double *)work.probabilities)[(int64_t)cell * work.wide * LANES + k] = exp(flat[(cell + 1) * classes + k]);
    const int status = expect_at(&work, loglik, expected);
    close_walk(&work, memory);
    return status;
}

/* So that Python can tell a library that was built from another kernel.c. */
PUBLIC const char *careloom_source(void) { return SOURCE_DIGEST; }
PUBLIC int careloom_most_classes(void) { return MOST_CLASSES; }

/* The rules of sim/rules.py and sim/trip.py once more, by hand in C: what the crowd's speed is measured against.
 *
 * Customers and relations are arrays of structs, used in place: c_reference.py writes layout.h, which declares them as
 * the package keeps them, together with the parameters of the rules and the firms' public state. Nothing else is
 * shared. The order of the sums differs where that is quicker, and the compiler may fuse operations, so that results
 * agree to within last bits and not to the bit.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "layout.h" /* struct customer, relation, firm, rules; BLOCK */

enum { SALES, GOODS, TAKEN, PURCHASES, BUYERS, OFFERS, INTRUSIONS, NOTICED, ASKED, GRANTS, COUNTERS };
enum { UNASKED, GRANTED, WITHHELD, LEFT };
enum { NONE, OPT_OUT, BANNER, PROMPT, UNTICKED };
enum { TRIP = 0, PURCHASE = 1, BASKET = 2, OFFER = 1000, FEELING = 2000, MONTH = 3000 };
enum { REACHABLE, PERMITTING, PARTICIPATING, DATA, TRUST, DEBT, MEMBERS, GAINED, CHURNED, MEMBER_TRUST,
       MEMBER_PERMITTING, MEMBER_KNOWLEDGE, SUMS };

struct market {
    struct customer *customers;
    struct relation *relations; /* customer by customer, one per firm */
    struct firm *firms;
    struct rules rules;
    int64_t n, n_firms, n_groups;
    int64_t *tally; /* blocks, groups, firms and elsewhere, counters */
    double sd_within, shape_within;
    uint32_t seed, replication;
};

struct luck { double a, b, c, d; };

static inline struct luck uniforms(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1)
{
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = 0xD2511F53ull * c0, p1 = 0xCD9E8D57ull * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    const double unit = 1.0 / 4294967296.0;
    return (struct luck){(c0 + 0.5) * unit, (c1 + 0.5) * unit, (c2 + 0.5) * unit, (c3 + 0.5) * unit};
}

static inline double gumbel(double luck) { return -log(-log(luck)); }
static inline int64_t cents(double amount) { return (int64_t)floor(amount * 100.0 + 0.5); }
static inline double smaller(double a, double b) { return a < b ? a : b; }
static inline double larger(double a, double b) { return a > b ? a : b; }

static inline double normal(double first, double second)
{
    return sqrt(-2.0 * log(first)) * cos(2.0 * M_PI * second);
}

static inline double trust_in(const struct relation *r, const struct firm *f, const struct rules *k, double now)
{
    double bad = r->bad;
    if (r->scare != 0.0)
        bad += r->scare * exp(-M_LN2 * (now - f->breached_at) / k->breach_half_life);
    return r->good / (r->good + bad);
}

static inline bool may_use(const struct relation *r, const struct firm *f)
{
    return (r->permission == GRANTED) | ((r->permission == UNASKED) & (f->consent <= OPT_OUT));
}

static double gamma_variate(const struct market *m, uint32_t i, uint32_t generation, uint32_t number)
{
    const double shape = m->shape_within;
    const double d = (shape >= 1.0 ? shape : shape + 1.0) - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
    for (uint32_t attempt = 0;; attempt++) {
        struct luck u = uniforms(i, generation, number, BASKET + attempt, m->seed, m->replication);
        double x = normal(u.a, u.b), v = 1.0 + c * x;
        if (v <= 0.0)
            continue;
        v = v * v * v;
        if (log(u.c) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v * (shape >= 1.0 ? 1.0 : exp(log(u.d) / shape));
    }
}

static void ask(struct relation *r, const struct firm *f, const struct rules *k, double threshold, double trust,
                double answer_luck, int64_t *count)
{
    double odds = f->consent == OPT_OUT  ? k->grant_opt_out
                  : f->consent == BANNER ? k->grant_banner
                  : f->consent == PROMPT ? k->grant_prompt
                                         : k->grant_unticked;
    odds += k->grant_trust * (trust - k->neutral_trust) + k->grant_threshold * (threshold - 0.5);
    count[ASKED]++;
    if (answer_luck < 1.0 / (1.0 + exp(-odds))) {
        r->permission = GRANTED;
        count[GRANTS]++;
    } else {
        r->permission = WITHHELD;
        r->data = 0.0;
    }
}

static inline void trip(const struct market *m, uint32_t i, struct customer *person, struct relation *ties,
                        int64_t *tally)
{
    const struct rules *k = &m->rules;
    const int n_firms = (int)m->n_firms;
    const uint32_t seed = m->seed, replication = m->replication;
    const uint32_t number = (uint32_t)person->trips + 1, generation = (uint32_t)person->generation;
    const double now = person->next_trip, threshold = person->threshold, vigilance = person->vigilance;
    int64_t *group = tally + person->group * (n_firms + 1) * COUNTERS;

    struct luck going = uniforms(i, generation, number, TRIP, seed, replication);
    double best = k->outside_utility + gumbel(going.b), chosen_known = 0.0, chosen_depth = 0.0;
    int chosen = n_firms;

    for (int f = 0; f < n_firms; f++) {
        const struct firm *firm = &m->firms[f];
        struct relation *tie = &ties[f];
        if (!firm->active || tie->permission == LEFT)
            continue;
        struct luck luck = uniforms(i, generation, number, OFFER + f, seed, replication);
        double trust = trust_in(tie, firm, k, now), used = 0.0, excess = 0.0, known = 0.0;
        if (firm->depth > 0.0 && may_use(tie, firm)) {
            double tolerated = threshold * (1.0 + k->tolerance_trust * (trust - k->neutral_trust)
                                            + k->tolerance_control * firm->control);
            tolerated = smaller(1.0, larger(0.0, tolerated));
            double pressure = 1.0 + firm->mixing * person->separation, allowed = tolerated / pressure;
            used = smaller(firm->depth, allowed) + (1.0 - firm->respect) * larger(0.0, firm->depth - allowed);
            excess = used * pressure - tolerated;
            if (excess <= 1e-12)
                excess = 0.0;
            if (used > 0.0 && luck.a >= firm->misuse)
                known = tie->data / (tie->data + k->knowledge_half) * firm->participation;
        }
        double suits = k->base_relevance + (1.0 - k->base_relevance) * known;
        double prompts = k->base_consideration + k->message_effect * firm->contact_rate * suits
                         + k->habit_effect * tie->habit;
        if (luck.b >= 1.0 - exp(-prompts))
            continue;

        int64_t *count = group + f * COUNTERS;
        double felt = 0.0;
        if (used > 0.0) {
            count[OFFERS]++;
            tie->data += k->learning_seen * used;
            if (excess > 0.0) {
                count[INTRUSIONS]++;
                if (luck.d < vigilance + (1.0 - vigilance) * larger(firm->attention, firm->transparency)) {
                    count[NOTICED]++;
                    tie->bad += k->intrusion_weight * excess * (1.0 - 0.5 * firm->transparency);
                    tie->complaints += excess;
                    felt = excess;
                } else {
                    tie->debt += excess;
                }
            }
            if (known > 0.0 && firm->value_share < 1.0
                && uniforms(i, generation, number, FEELING + f, seed, replication).a < vigilance)
                tie->bad += k->taking_weight * (1.0 - firm->value_share) * known;
        }
        double put_off = 0.0;
        if (felt > 0.0)
            put_off = k->reactance * felt * (1.0 - firm->control) * (1.0 - trust) / (1.0 - k->neutral_trust);
        double gain = (firm->value_share * k->surplus + k->effort_saved * firm->memory) * known;
        double value = tie->taste + k->price_sensitivity * (gain - (firm->price - 1.0))
                       + k->trust_weight * (trust - k->neutral_trust) - put_off
                       + (f == person->last_firm ? k->inertia : 0.0) + gumbel(luck.c);
        if (value > best) {
            best = value;
            chosen = f;
            chosen_known = known;
            chosen_depth = used;
        }
    }

    struct luck paying = uniforms(i, generation, number, PURCHASE, seed, replication);
    double basket = person->basket;
    if (m->shape_within > 0.0)
        basket *= gamma_variate(m, i, generation, number) / m->shape_within;
    else
        basket *= exp(m->sd_within * normal(paying.b, paying.c) - 0.5 * m->sd_within * m->sd_within);

    int64_t *count = group + chosen * COUNTERS;
    count[PURCHASES]++;
    if (chosen == n_firms) {
        int64_t paid = cents(basket);
        person->elsewhere += paid;
        count[SALES] += paid;
    } else {
        const struct firm *firm = &m->firms[chosen];
        struct relation *tie = &ties[chosen];
        int64_t paid = cents(basket * firm->price);
        int64_t taken = cents(basket * (1.0 - firm->value_share) * k->surplus * chosen_known);
        person->last_firm = (int8_t)chosen;
        count[SALES] += paid;
        count[GOODS] += cents(basket * (1.0 - firm->gross_margin));
        count[TAKEN] += taken;
        count[BUYERS] += tie->last_purchase < floor(now);
        tie->last_purchase = now;
        tie->spent += paid + taken;
        tie->data += k->learning_bought * chosen_depth;
        tie->habit += 1.0;
        tie->good += k->trust_gain * firm->service * (1.0 + firm->value_share * chosen_known);
        bool again = tie->permission == WITHHELD && firm->consent >= BANNER && going.d < k->ask_again;
        if (firm->depth != 0.0 && firm->consent != NONE && (tie->permission == UNASKED || again))
            ask(tie, firm, k, threshold, trust_in(tie, firm, k, now), paying.a, count);
    }

    person->trips = (int32_t)number;
    double next = (floor((now - log(going.a) / person->rate) * 1048576.0) + 0.5) / 1048576.0;
    person->next_trip = going.c >= person->lapse && next < person->stops ? next : INFINITY;
}

/* Every trip before a time, of the customers in some blocks. */
void serve(int64_t first, int64_t last, const struct market *m, double until)
{
    const int64_t size = m->n_groups * (m->n_firms + 1) * COUNTERS;
    int64_t end = last * BLOCK < m->n ? last * BLOCK : m->n;
    for (int64_t i = first * BLOCK; i < end; i++) {
        struct customer *person = &m->customers[i];
        while (person->next_trip < until)
            trip(m, (uint32_t)i, person, m->relations + i * m->n_firms, m->tally + i / BLOCK * size);
    }
}

/* Taking stock at a month's end; sums: blocks, groups, firms, sums. */
void observe(int64_t first, int64_t last, const struct market *m, double now, double *sums)
{
    int64_t end = last * BLOCK < m->n ? last * BLOCK : m->n;
    for (int64_t i = first * BLOCK; i < end; i++) {
        double *row = sums + (i / BLOCK * m->n_groups + m->customers[i].group) * m->n_firms * SUMS;
        for (int64_t f = 0; f < m->n_firms; f++, row += SUMS) {
            struct relation *tie = &m->relations[i * m->n_firms + f];
            const struct firm *firm = &m->firms[f];
            const bool left = tie->permission == LEFT, was = tie->member;
            const bool member = (firm->active != 0) & !left & (tie->last_purchase > now - 6.0);
            const bool granted = tie->permission == GRANTED;
            const double known = tie->data / (tie->data + m->rules.knowledge_half);
            const double trust = trust_in(tie, firm, &m->rules, now);
            tie->member = member;
            row[GAINED] += member & !was;
            row[CHURNED] += was & !member;
            row[DATA] += tie->data;
            row[DEBT] += tie->debt;
            row[TRUST] += trust;
            row[REACHABLE] += !left;
            row[PERMITTING] += granted;
            row[PARTICIPATING] += may_use(tie, firm);
            row[MEMBERS] += member;
            row[MEMBER_TRUST] += member ? trust : 0.0;
            row[MEMBER_KNOWLEDGE] += member ? known : 0.0;
            row[MEMBER_PERMITTING] += member & granted;
        }
    }
}

static inline double second_thoughts(double below, double rate, double trust)
{
    return trust >= below ? 0.0 : 1.0 - exp(-rate * (below - trust) / below);
}

/* Forgetting and second thoughts at a month's end. */
void reflect(int64_t first, int64_t last, const struct market *m, int64_t month, double kept, double habit_kept)
{
    const struct rules *k = &m->rules;
    const double good_before = k->prior_strength * k->neutral_trust;
    const double bad_before = k->prior_strength * (1.0 - k->neutral_trust);
    int64_t end = last * BLOCK < m->n ? last * BLOCK : m->n;
    for (int64_t i = first * BLOCK; i < end; i++) {
        for (int64_t f = 0; f < m->n_firms; f++) {
            struct relation *tie = &m->relations[i * m->n_firms + f];
            tie->good = good_before + (tie->good - good_before) * kept;
            tie->bad = bad_before + (tie->bad - bad_before) * kept;
            tie->habit *= habit_kept;
            if (!m->firms[f].active || tie->permission == LEFT)
                continue;
            double trust = trust_in(tie, &m->firms[f], k, (double)month);
            if (trust >= k->withdraw_below)
                continue;
            struct luck luck = uniforms((uint32_t)i, (uint32_t)m->customers[i].generation, (uint32_t)month,
                                        (uint32_t)(MONTH + f), m->seed, m->replication);
            if (luck.b < second_thoughts(k->leave_below, k->leave_rate, trust)) {
                tie->permission = LEFT;
                tie->data = 0.0;
            } else if (tie->permission != WITHHELD
                       && luck.a < second_thoughts(k->withdraw_below, k->withdraw_rate, trust)) {
                tie->permission = WITHHELD;
                tie->data = 0.0;
            }
        }
    }
}

int64_t size_of_market(void) { return sizeof(struct market); }

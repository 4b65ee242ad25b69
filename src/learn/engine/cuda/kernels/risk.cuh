// All of Eq. 10 in one pass over rows: task loss, necessity, L_v and L_fe with all their slopes.
//
// The hypothetical branch is computed in the space of classes: z_bar = z + c W^T with a coefficient
// per class, so its logits are l + c G with the gram matrix G of the head.

// What kind of step it is: so many times the gradient, or so far in its direction.
enum { RAW, LENGTH };

// c G for a class per lane; G is its own turned one.
__device__ inline float through_gram(float c, const float *gram, int classes, bool counts) {
    int lane = lane_of();
    float sum = 0.0f;
    for (int j = 0; j < classes; j++) {
        float other = __shfl_sync(EVERY, c, j);
        if (counts) sum += other * gram[j * classes + lane];
    }
    return sum;
}

extern "C" __global__ void risk(
    // The real branch
    float *logits, const float *bias, const int *labels, const float *branches,
    float *branch_slopes, const float *marks, const float *z, const float *v,
    // The head: W less its mean over classes, turned round, and its gram matrix
    const float *turned, const float *gram, const float *spread,
    // Slopes of logits, Z and V
    float *slopes, float *z_slope, float *v_slope,
    // For the slope of the head: that of z_bar, and the pairs of rows whose products sum up to the
    // slope of the gram matrix; the first of them are c
    float *bar_slope, float *gram_left, float *gram_right, double *sums, int rows, int classes,
    int modalities, int width, int detached, int kind, float reach, float share, float necessity,
    float l_v, float l_fe, float budget) {
    place at = warp_of();
    float terms[TERMS] = {0.0f};
    if (at < rows) {
        int lane = lane_of();
        Branches b = {branches, branch_slopes, marks, branches ? modalities : 0, 1};
        Row row = task_row(logits, bias, labels, at, classes, share);
        terms[RIGHT] = verdict(row) == row.label ? 1.0f : 0.0f;
        terms[TASK] = -__shfl_sync(EVERY, row.soft.log, row.label);

        // The step: u points where the label's probability falls.
        bool others = row.counts && lane != row.label;
        float part = kind == LENGTH ? soft(row.logit, others).share : row.soft.share;
        float u = row.counts ? part - (lane == row.label ? 1.0f : 0.0f) : 0.0f;
        float factor = reach, square = 1.0f, room = 0.0f;
        if (kind == LENGTH) {
            room = through_gram(u, gram, classes, row.counts);
            square = warp_sum(u * room);
            factor = reach * spread[0] / sqrtf(square < SHORTEST ? SHORTEST : square);
        }
        float c = factor * u, c_slope = 0.0f, pull = 0.0f;

        if (necessity != 0.0f) {
            float moved = row.logit + through_gram(c, gram, classes, row.counts);
            Soft all = soft(moved, row.counts), without = soft(moved, others);
            terms[NECESSITY] = all.all - without.all;
            pull = necessity * (all.share - without.share);
            row.slope += pull;
            c_slope = through_gram(pull, gram, classes, row.counts);
        }

        const float *own = z + at * width;
        float *out = z_slope + at * width, *bar = bar_slope + at * width;
        float shift = l_v != 0.0f || l_fe != 0.0f ? shift_of(own, width) : 0.0f;
        float v_shift = 0.0f, v_kl = 0.0f;
        if (l_v != 0.0f) {
            const float *other = v + at * width;
            v_shift = shift_of(other, width);
            float sum = 0.0f;
            for (int i = lane; i < width; i += WARP) {
                float log = own[i] - shift;
                sum += expf(log) * (log - (other[i] - v_shift));
            }
            v_kl = warp_sum(sum);
            terms[L_V] = v_kl;
        }
        float bar_shift = 0.0f, bar_kl = 0.0f, bar_weight = 0.0f;
        if (l_fe != 0.0f) {
            for (int start = 0; start < width; start += WARP) {
                int i = start + lane;
                float sum = i < width ? own[i] : 0.0f;
                for (int k = 0; k < classes; k++) {
                    float step = __shfl_sync(EVERY, c, k);
                    if (i < width) sum += step * turned[(place)k * width + i];
                }
                if (i < width) bar[i] = sum;
            }
            bar_shift = shift_of(bar, width);
            float sum = 0.0f;
            for (int i = lane; i < width; i += WARP) {
                float log = own[i] - shift;
                sum += expf(log) * (log - (bar[i] - bar_shift));
            }
            bar_kl = warp_sum(sum);
            if (bar_kl - budget > 0.0f) {
                terms[L_FE] = bar_kl - budget;
                bar_weight = l_fe;
            }
        }
        if (l_v != 0.0f || l_fe != 0.0f) {
            for (int i = lane; i < width; i += WARP) {
                float log = own[i] - shift, p = expf(log), slope = 0.0f;
                if (l_v != 0.0f) {
                    float other = v[at * width + i] - v_shift;
                    slope += l_v * p * (log - other - v_kl);
                    if (!detached) v_slope[at * width + i] = l_v * (expf(other) - p);
                }
                if (l_fe != 0.0f) {
                    float other = bar[i] - bar_shift;
                    float through = bar_weight * (expf(other) - p);
                    slope += bar_weight * p * (log - other - bar_kl) + through;
                    bar[i] = through;
                }
                if (b.modalities) {
                    int m = i / (width / b.modalities);
                    slope *= evened(marks, at, m, b.modalities);
                }
                out[i] = slope;
            }
        }
        if (l_fe != 0.0f) {
            for (int k = 0; k < classes; k++) {
                float sum = 0.0f;
                for (int i = lane; i < width; i += WARP)
                    sum += bar[i] * turned[(place)k * width + i];
                sum = warp_sum(sum);
                if (lane == k) c_slope += sum;
            }
            // A head per modality has its share of W.
            if (b.modalities)
                for (int i = lane; i < width; i += WARP) bar[i] /= (float)b.modalities;
        }

        // Back through the step.
        float along = 0.0f, slope = factor * c_slope;
        if (kind == LENGTH) {
            float product = warp_sum(row.counts ? c_slope * u : 0.0f);
            if (square >= SHORTEST) along = -0.5f * factor / square * product;
            slope += 2.0f * along * room;
        }
        float mean = warp_sum(row.counts ? slope * part : 0.0f);
        if (row.counts) row.slope += part * (slope - mean);

        if (row.counts) {
            place k = at * classes + lane, other = ((place)rows + at) * classes + lane;
            gram_left[k] = c;
            gram_right[k] = pull;
            gram_left[other] = u;
            gram_right[other] = along * u;
        }
        terms[TASK] += settle(row, b, slopes, share, 1.0f);
    }
    sum_up(terms, sums);
}

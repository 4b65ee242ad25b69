// The instrument V (Eq. 6) between its products: a warp per specimen.

#define MODALITIES 8 // at most

// a_ij, and the features of all modalities mixed by mean_i a_ij. The distance term of the scores is
// part of them: `inner` is the factor of <Q_i, K_j>, `outer` that of |K_j|^2.
extern "C" __global__ void attend(const float *queries, const float *keys, const float *features,
                                  float *attention, float *mixed, int rows, int modalities,
                                  int width, float inner, float outer) {
    place row = warp_of();
    if (row >= rows) return;
    int lane = lane_of();
    place start = row * modalities * width;
    float scores[MODALITIES * MODALITIES];
    for (int j = 0; j < modalities; j++) {
        const float *key = keys + start + j * width;
        float square = 0.0f;
        for (int c = lane; c < width; c += WARP) square += key[c] * key[c];
        float penalty = outer * warp_sum(square);
        for (int i = 0; i < modalities; i++) {
            const float *query = queries + start + i * width;
            float product = 0.0f;
            for (int c = lane; c < width; c += WARP) product += query[c] * key[c];
            scores[i * modalities + j] = inner * warp_sum(product) - penalty;
        }
    }
    // All threads have all scores, so each computes the same.
    for (int i = 0; i < modalities; i++) {
        float *own = scores + i * modalities;
        float top = LOWEST, sum = 0.0f;
        for (int j = 0; j < modalities; j++) top = own[j] > top ? own[j] : top;
        for (int j = 0; j < modalities; j++) {
            own[j] = expf(own[j] - top);
            sum += own[j];
        }
        for (int j = 0; j < modalities; j++) own[j] /= sum;
    }
    if (lane == 0)
        for (int i = 0; i < modalities * modalities; i++)
            attention[row * modalities * modalities + i] = scores[i];
    for (int c = lane; c < width; c += WARP) {
        float sum = 0.0f;
        for (int j = 0; j < modalities; j++) {
            float weight = 0.0f;
            for (int i = 0; i < modalities; i++) weight += scores[i * modalities + j];
            sum += weight / (float)modalities * features[start + j * width + c];
        }
        mixed[row * width + c] = sum;
    }
}

// From the slope of the mixed features: adds to that of the features, and sets those of queries
// and keys.
extern "C" __global__ void unmix(const float *mixed_slope, const float *queries, const float *keys,
                                 const float *features, const float *attention, float *slope,
                                 float *query_slope, float *key_slope, int rows, int modalities,
                                 int width, float inner, float outer) {
    place row = warp_of();
    if (row >= rows) return;
    int lane = lane_of();
    place start = row * modalities * width;
    const float *mixed = mixed_slope + row * width;
    float shares[MODALITIES * MODALITIES], pull[MODALITIES];
    for (int i = 0; i < modalities * modalities; i++)
        shares[i] = attention[row * modalities * modalities + i];
    for (int j = 0; j < modalities; j++) {
        float sum = 0.0f;
        for (int c = lane; c < width; c += WARP) sum += mixed[c] * features[start + j * width + c];
        pull[j] = warp_sum(sum) / (float)modalities;
    }
    for (int c = lane; c < width; c += WARP) {
        for (int j = 0; j < modalities; j++) {
            float weight = 0.0f;
            for (int i = 0; i < modalities; i++) weight += shares[i * modalities + j];
            slope[start + j * width + c] += weight / (float)modalities * mixed[c];
        }
    }
    // The slopes of the scores take the place of the shares.
    for (int i = 0; i < modalities; i++) {
        float *own = shares + i * modalities;
        float mean = 0.0f;
        for (int j = 0; j < modalities; j++) mean += own[j] * pull[j];
        for (int j = 0; j < modalities; j++) own[j] *= pull[j] - mean;
    }
    for (int c = lane; c < width; c += WARP) {
        for (int i = 0; i < modalities; i++) {
            float query = 0.0f, key = 0.0f;
            float own = keys[start + i * width + c];
            for (int j = 0; j < modalities; j++) {
                query += shares[i * modalities + j] * keys[start + j * width + c];
                float score = shares[j * modalities + i];
                key += score * (inner * queries[start + j * width + c] - 2.0f * outer * own);
            }
            query_slope[start + i * width + c] = inner * query;
            key_slope[start + i * width + c] = key;
        }
    }
}

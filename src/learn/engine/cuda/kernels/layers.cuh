// What stands between the products of dense layers.

// x + bias and then perhaps its ELU, for rows of `width` numbers; after that times the mark of the
// modality that a number belongs to, if there are marks: those are of width / modalities each.
extern "C" __global__ void finish_layer(float *x, const float *bias, const float *marks, int count,
                                        int width, int modalities, int elu) {
    int i = (int)thread_of();
    if (i >= count) return;
    int row = i / width, column = i - row * width;
    float y = x[i] + bias[column];
    if (elu && !(y > 0.0f)) y = expm1f(y);
    if (marks) y *= marks[(place)row * modalities + column / (width / modalities)];
    x[i] = y;
}

// The slope before an ELU from the one behind it; `y` is what the ELU gave, marks included.
extern "C" __global__ void before_elu(float *slope, const float *y, const float *marks, int count,
                                      int width, int modalities) {
    int i = (int)thread_of();
    if (i >= count) return;
    float factor = y[i] > 0.0f ? 1.0f : y[i] + 1.0f;
    if (marks) {
        int row = i / width, column = i - row * width;
        factor *= marks[(place)row * modalities + column / (width / modalities)];
    }
    slope[i] *= factor;
}

// Late fusion of a row per warp: adds the biases to the branches' logits; Z is the features side by
// side and the logits the mean of the branches, both over the modalities that a specimen has.
extern "C" __global__ void join(float *branches, const float *bias, const float *marks,
                                const float *features, float *z, float *logits, int rows,
                                int modalities, int width, int classes) {
    place row = warp_of();
    if (row >= rows) return;
    int lane = lane_of();
    float sum = 0.0f;
    for (int m = 0; m < modalities; m++) {
        float factor = evened(marks, row, m, modalities);
        if (lane < classes) {
            float *own = branches + (row * modalities + m) * classes + lane;
            *own += bias[m * classes + lane];
            sum += factor / (float)modalities * *own;
        }
        place start = (row * modalities + m) * width;
        for (int i = lane; i < width; i += WARP) z[start + i] = factor * features[start + i];
    }
    if (lane < classes) logits[row * classes + lane] = sum;
}

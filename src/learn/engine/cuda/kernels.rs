//! The sources of the kernels, compiled as one.

/// All of them, in the order in which they build on one another.
pub const SOURCES: [&str; 8] = [
    include_str!("kernels/common.cuh"),
    include_str!("kernels/layers.cuh"),
    include_str!("kernels/attention.cuh"),
    include_str!("kernels/verdict.cuh"),
    include_str!("kernels/risk.cuh"),
    include_str!("kernels/head.cuh"),
    include_str!("kernels/weigh.cuh"),
    include_str!("kernels/learn.cuh"),
];

/// Their names.
pub const NAMES: [&str; 16] = [
    "finish_layer",
    "before_elu",
    "join",
    "attend",
    "unmix",
    "judge",
    "risk",
    "spread_parts",
    "read_head",
    "gram_parts",
    "head_back",
    "count_cells",
    "weigh_cells",
    "gradients",
    "close_losses",
    "adam",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_of_the_sources_is_named() {
        let all = SOURCES.concat();
        let declared = all.split("extern \"C\" __global__ void ").skip(1);
        let mut declared: Vec<&str> = declared.filter_map(|part| part.split('(').next()).collect();
        let mut names = NAMES.to_vec();
        declared.sort_unstable();
        names.sort_unstable();
        assert_eq!(declared, names);
    }
}

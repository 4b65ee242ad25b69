#!/usr/bin/env bash
# On a machine with an NVIDIA card: checks the fused engine there and times it, beside PyTorch's step
# where a script for that is given and PyTorch is there.
#
#   run.sh PROGRAM [TORCH_STEP.py]
#
# PROGRAM is what `cargo bench --bench gpu --no-run` built; it needs no Rust here, only the driver and
# cuBLAS. With `--tf32` in FLAGS its products round their factors to TF32, and PyTorch's do too.
set -uo pipefail
program=$1 torch=${2:-}
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-}:/usr/local/cuda/lib64:/usr/local/cuda/targets/x86_64-linux/lib
steps=$(mktemp)
if [ -n "$torch" ] && python3 -c 'import torch' 2>/dev/null; then
  case "${FLAGS:-}" in *--tf32*) kind=tf32 ;; *) kind= ;; esac
  python3 "$torch" 400 $kind | tee "$steps"
fi
"$program" check speed --against "$steps" ${FLAGS:-}
status=$?
rm "$steps"
exit $status

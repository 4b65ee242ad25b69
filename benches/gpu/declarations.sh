#!/usr/bin/env bash
# Compares the functions that src/learn/engine/cuda/library.rs declares with CUDA's headers: how many
# arguments they take, and of what kind and size each is. Needs a C++ compiler and the headers of the
# toolkit: CUDA_PATH, or the folder that holds its `include`, as an argument.
set -euo pipefail
root=${1:-${CUDA_PATH:-/usr/local/cuda}}
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cat > "$work/check.cc" <<'HEAD'
#include <cstdint>
#include <type_traits>
#include <cuda.h>
#include <cublas_v2.h>
#include <nvrtc.h>
template <class A, class B> constexpr bool alike =
    std::is_pointer<A>::value == std::is_pointer<B>::value && sizeof(A) == sizeof(B) &&
    std::is_floating_point<A>::value == std::is_floating_point<B>::value;
template <class R, class... A, class S, class... B>
constexpr bool same(R (*)(A...), S (*)(B...)) {
    if constexpr (sizeof...(A) != sizeof...(B)) return false;
    else return sizeof(R) == sizeof(S) && (alike<A, B> && ...);
}
typedef void *Handle;
// These have a second form in C++; the one that the library has is asked for by its arguments.
typedef cublasHandle_t H;
typedef cublasOperation_t O;
typedef cudaDataType T;
auto *one = static_cast<cublasStatus_t (*)(H, O, O, int, int, int, const void *, const void *, T,
    int, const void *, T, int, const void *, void *, T, int, cublasComputeType_t,
    cublasGemmAlgo_t)>(&cublasGemmEx);
auto *many = static_cast<cublasStatus_t (*)(H, O, O, int, int, int, const void *, const void *, T,
    int, long long, const void *, T, int, long long, const void *, void *, T, int, long long, int,
    cublasComputeType_t, cublasGemmAlgo_t)>(&cublasGemmStridedBatchedEx);
HEAD
tr -d '\n' < "$here/src/learn/engine/cuda/library.rs" |
  grep -oP '[a-z_]+ = "(cu|nvrtc)[A-Za-z0-9_]+"\([^)]*\)' |
  sed -E 's/^[a-z_]+ = "([A-Za-z0-9_]+)"\(([^)]*)\)/\1|\2/; s/\*(mut|const) \*(mut|const) [a-z_]+/void **/g
    s/\*(mut|const) [A-Za-z0-9_]+/void */g; s/c_uint/unsigned/g; s/c_int/int/g; s/usize/size_t/g
    s/u64/uint64_t/g; s/i64/int64_t/g; s/, *$//' |
  while IFS='|' read -r name kinds; do
    case $name in cublasGemmEx) f='decltype(one)()' ;; cublasGemmStr*) f='decltype(many)()' ;;
      *) f=\&$name ;; esac
    echo "static_assert(same($f, (int (*)($kinds))nullptr), \"$name\");"
  done >> "$work/check.cc"
"${CXX:-c++}" -std=c++17 -fsyntax-only -I"$root/include" "$work/check.cc"
echo "$(grep -c '^static_assert' "$work/check.cc") declarations are those of the headers"

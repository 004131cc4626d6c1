import KernelTable

#if KERNELS_AVX512
  private let name = "avx512"
#elseif KERNELS_AVX2
  private let name = "avx2"
#else
  private let name = "baseline"
#endif

/// The kernels of the instruction set that this target was compiled for.
public func kernelTable() -> KernelTable {
  KernelTable(
    name: name, tileRows: tileRows, tileColumns: tileColumns, multiplyTile: multiplyTile,
    multiplyBlocks: multiplyBlocks, multiplyColumns: multiplyColumns, exponentialColumns: exponentialColumns,
    winogradInput: winogradInput, winogradWeights: winogradWeights,
    winogradOutput: winogradOutput,
    channelMoments: channelMoments, normalize: normalize, silu: siluRow, softmax: softmaxRow, add: addRows,
    prefetch: prefetchRow, multiplyAdds: multiplyAdds)
}

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
    multiplyBlocks: multiplyBlocks, attend: attend,
    winogradF2: .init(
      outputSide: 2, input: winogradF2Input, weights: winogradF2Weights, output: winogradF2Output),
    winogradF4: .init(
      outputSide: 4, input: winogradF4Input, weights: winogradF4Weights, output: winogradF4Output),
    channelMoments: channelMoments, normalize: normalize, silu: siluRow, softmax: softmaxRow, add: addRows,
    multiplyAdds: multiplyAdds,
    gradients: GradientKernels(
      blockProduct: blockProduct,
      winogradF2: .init(output: winogradF2OutputGradient, weights: winogradF2WeightGradient),
      winogradF4: .init(output: winogradF4OutputGradient, weights: winogradF4WeightGradient),
      normalizeMoments: normalizeMoments, normalizeInput: normalizeInput, silu: siluGradient, attend: attendGradient,
      attendScratch: attendGradientScratch),
    packing: PackingKernels(
      transpose: transposeRows, flipTaps: flipTaps, addTaps: addTaps, packBlock: packBlock, copyRows: copyRows,
      sumRows: sumRows),
    rows: RowKernels(
      weightedSum: weightedSum, maximum: maximumOfRows, rectify: rectifyRows, scale: scaleRow,
      normalizeChannels: normalizeChannels, columnMaxima: columnMaxima,
      weighKeys: weighKeys, softmaxGroups: softmaxGroups),
    optimizer: OptimizerKernels(adamW: adamW, ema: ema))
}

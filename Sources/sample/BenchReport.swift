import DiffusionBytes
import DiffusionModels
import DiffusionText

/// The results of `sample bench`.
struct BenchReport: Encodable {
  let version: String
  let model: String
  let kernels: String
  let threads: Int
  var batches: [Batch]

  struct Batch: Encodable {
    let batch: Int
    let passes: Int
    let msMedian: Double
    let msMin: Double
    let msPerImage: Double
    /// The additions and multiplications of a pass, as the algorithms used take them at least (`LayerProfile`); nil if
    /// they are not counted.
    let gflop: Double?
    let gflopPerSecond: Double?
    /// The threads' peak on data in registers, measured after each pass: the median.
    let peakGflopPerSecond: Double
    /// `gflop` over what the peak would have done in the time of a pass, the median: below 1 but for noise.
    let shareOfPeak: Double?
    let peakMemoryBytes: Int
    let layers: [Layer]?
  }

  struct Layer: Encodable {
    let name: String
    let calls: Int
    let ms: Double
    let share: Double
    let gflopPerSecond: Double?
    let shareOfPeak: Double?
  }

  var head: String {
    """
    \(escapingControls(model)): \(kernels) kernels, \(threads) \(threads == 1 ? "thread" : "threads")
    GFLOP is what is computed: Winograd's algorithm saves some 3/4 of the multiplications of 3×3 convolutions.

    batch   ms/pass  ms/image    GFLOP  GFLOP/s     peak  of peak  memory

    """
  }

  func json() throws -> String {
    try encodeJSON(self, pretty: true, snakeCase: true, escapesSlashes: true) + "\n"
  }
}

extension BenchReport.Batch {
  /// A row of the table, followed by the layers if they were measured.
  var text: String {
    let row =
      right("\(batch)", 5) + right(decimal(msMedian, 2), 10) + right(decimal(msPerImage, 2), 10)
      + right(gflop.map { decimal($0, 2) } ?? "", 9) + right(gflopPerSecond.map { decimal($0, 0) } ?? "", 9)
      + right(decimal(peakGflopPerSecond, 0), 9) + right(percent(shareOfPeak), 9)
      + "  \(decimal(Double(peakMemoryBytes) / 1e6, 0)) MB\n"
    guard let layers else { return row }
    let head = "\n       ms   share  calls  GFLOP/s  of peak  layer\n"
    return row + head
      + layers.map { layer in
        right(decimal(layer.ms, 3), 9) + right(percent(layer.share), 8) + right("\(layer.calls)", 7)
          + right(layer.gflopPerSecond.map { decimal($0, 0) } ?? "", 9) + right(percent(layer.shareOfPeak), 9)
          + "  \(layer.name)\n"
      }.joined() + "\n"
  }
}

private func percent(_ share: Double?) -> String { share.map { "\(decimal($0 * 100, 1)) %" } ?? "" }

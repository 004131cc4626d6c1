import DiffusionBytes
import DiffusionModels
import DiffusionText

/// The results of `sample bench`.
struct BenchReport: Encodable {
  let version: String
  let model: String
  let kernels: String
  let threads: Int
  /// The threads' peak on data in registers, measured in the same run.
  let peakGflopPerSecond: Double
  var batches: [Batch]

  struct Batch: Encodable {
    let batch: Int
    let passes: Int
    let msMedian: Double
    let msMin: Double
    let msPerImage: Double
    /// Per pass: 2 · the multiply-adds of the direct algorithm, the usual convention.
    let gflop: Double
    let gflopPerSecond: Double
    /// `gflopPerSecond` over the peak. Above 1 where Winograd's algorithm saves more multiplications than are lost.
    let timesPeak: Double
    let peakMemoryBytes: Int
    let layers: [Layer]?
  }

  struct Layer: Encodable {
    let name: String
    let calls: Int
    let ms: Double
    let share: Double
    let gflopPerSecond: Double?
  }

  var head: String {
    """
    \(escapingControls(model)): \(kernels) kernels, \(threads) \(threads == 1 ? "thread" : "threads"), peak rate \
    \(decimal(peakGflopPerSecond, 0)) GFLOP/s
    GFLOP/s are counted as of direct convolutions, of which Winograd's algorithm saves a part: they can exceed the peak

    batch   ms/pass  ms/image   GFLOP/s   × peak  memory

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
      + right(decimal(gflopPerSecond, 0), 10) + right(decimal(timesPeak, 2), 9)
      + "  \(decimal(Double(peakMemoryBytes) / 1e6, 0)) MB\n"
    guard let layers else { return row }
    let head = "\n       ms  share  calls  GFLOP/s  layer\n"
    return row + head
      + layers.map { layer in
        right(decimal(layer.ms, 3), 9) + right("\(decimal(layer.share * 100, 1)) %", 8) + right("\(layer.calls)", 6)
          + right(layer.gflopPerSecond.map { decimal($0, 0) } ?? "", 9) + "  \(layer.name)\n"
      }.joined() + "\n"
  }
}

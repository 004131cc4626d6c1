import Foundation
import Testing

/// `sample bench` by the release binary; what it measures is the machine's.
struct BenchTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  private struct Report: Decodable {
    struct Batch: Decodable {
      let gflop: Double?
      let gflop_per_second: Double?
      let peak_gflop_per_second: Double
      let share_of_peak: Double?
      let ms_median: Double
      let layers: [Layer]?
    }
    struct Layer: Decodable {
      let ms: Double
      let gflop_per_second: Double?
    }
    let batches: [Batch]
  }

  private func report(_ line: String) throws -> Report.Batch {
    let result = try run("bench --batch 1 --passes 1 --threads 1 --json \(line)")
    #expect(result.status == 0, "\(result.errors)")
    return try JSONDecoder().decode(Report.self, from: Data(result.output)).batches[0]
  }

  @Test("The arithmetic of a pass is that of its layers, and less than the plain algorithm's")
  func arithmetic() throws {
    defer { cleanUp() }
    let batch = try report("--layers")
    let gflop = try #require(batch.gflop)
    let layers = try #require(batch.layers).reduce(0) { $0 + $1.ms * ($1.gflop_per_second ?? 0) / 1e3 }
    #expect(abs(layers - gflop) < 1e-6 * gflop)
    // 0.43 by the plain algorithm (sample --dry-run).
    #expect(gflop > 0.15 && gflop < 0.25, "\(gflop)")
    let rate = try #require(batch.gflop_per_second) * batch.ms_median / 1e3
    #expect(abs(rate - gflop) < 1e-6 * gflop)
    #expect(try #require(batch.share_of_peak) > 0 && batch.peak_gflop_per_second > 0)
  }

  @Test("That of training is not counted")
  func training() throws {
    defer { cleanUp() }
    let batch = try report("--training")
    #expect(batch.gflop == nil && batch.gflop_per_second == nil && batch.share_of_peak == nil && batch.layers == nil)
  }
}

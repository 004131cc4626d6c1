import DiffusionBytes
import DiffusionCore
import DiffusionPlatform
import DiffusionText
import Sampling

/// The results of `sample nll`.
public struct LikelihoodReport: Sendable, Encodable {
  let version: String
  let model: String
  let seed: UInt64
  /// Timesteps of the process in the order of the terms: noisiest first.
  let timesteps: [Double]
  /// The mean over all images, in bits per dimension.
  let meanTotalBpd: Double
  let images: [Image]

  /// An image's bound in bits per dimension, and its terms, one per timestep.
  struct Image: Encodable {
    let image: String
    let label: Int?
    let totalBpd: Float
    let priorBpd: Float
    let vb: [Float]
    let xstartMse: [Float]
    let mse: [Float]

    enum CodingKeys: String, CodingKey {
      case image, totalBpd, priorBpd, vb, xstartMse, mse
      case label = "class"
    }

    /// The terms' contribution to the bound.
    var sumOfTerms: Double { vb.reduce(0.0) { $0 + Double($1) } }
  }

  /// - Parameters:
  ///   - plan: the steps, and the classes of the images.
  ///   - given: the images.
  ///   - bounds: their bounds, one per batch.
  public init(_ plan: SamplingPlan, _ given: InputImages, _ bounds: [BitsPerDimension]) {
    version = programVersion
    model = plan.model.name
    seed = plan.seed
    timesteps = plan.gaussian.timestepMap.reversed()
    let rows = bounds.flatMap { bound in bound.totalBPD.indices.map { (bound: bound, row: $0) } }
    images = rows.enumerated().map { n, place in
      let (bound, row) = (place.bound, place.row)
      return Image(
        image: given.names[n].text, label: plan.label(of: n), totalBpd: bound.totalBPD[row],
        priorBpd: bound.priorBPD[row], vb: bound.vb.rows(row..<row + 1).values,
        xstartMse: bound.xStartMSE.rows(row..<row + 1).values, mse: bound.mse.rows(row..<row + 1).values)
    }
    meanTotalBpd = images.reduce(0.0) { $0 + Double($1.totalBpd) } / Double(images.count)
  }

  /// A JSON object with the terms of each step.
  public func json() throws -> String {
    try encodeJSON(self, pretty: true, snakeCase: true) + "\n"
  }

  /// A row per image and step.
  public var csv: String {
    var lines = ["image,class,timestep,vb,xstart_mse,mse"]
    for image in images {
      let start = "\(quoted(image.image)),\(image.label.map(String.init) ?? "")"
      lines += timesteps.indices.map { i in
        "\(start),\(numberText(timesteps[i])),\(image.vb[i]),\(image.xstartMse[i]),\(image.mse[i])"
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A table with a row per image.
  public var text: String {
    func row(_ total: Double, _ prior: Double, _ vb: Double, _ name: String) -> String {
      right(decimal(total, 5), 10) + right(decimal(prior, 5), 12) + right(decimal(vb, 5), 12)
        + "  \(escapingControls(name))"
    }
    var lines = ["  bits/dim       prior   sum of vb  image (\(timesteps.count) steps, seed \(seed))"]
    lines += images.map { row(Double($0.totalBpd), Double($0.priorBpd), $0.sumOfTerms, $0.image) }
    if images.count > 1 {
      func mean(_ value: (Image) -> Double) -> Double { images.reduce(0) { $0 + value($1) } / Double(images.count) }
      lines.append(row(meanTotalBpd, mean { Double($0.priorBpd) }, mean(\.sumOfTerms), "mean of \(images.count)"))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A field in RFC 4180 quoting.
  private func quoted(_ text: String) -> String {
    guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
    return "\"" + text.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
  }
}

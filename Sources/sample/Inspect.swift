import DiffusionCommandLine
import DiffusionFiles
import DiffusionModels
import DiffusionTerminal
import DiffusionText
import DiffusionTraining
import TensorCore

/// Describes a checkpoint: family, architecture, size, and the source of each setting.
///
/// - Throws: `ModelError`; `FileError` if standard output cannot be written.
func inspect(_ options: Options) throws {
  let source = try ModelSource(path: options.request.model ?? "", stated: options.request.settings)
  let report = try Inspection(source)
  // Where the model is a run, its record says how many pictures each class had.
  let sizes = (try? RunRecord.read(from: options.request.model ?? ""))?.data?.classSizes
  try printText(options.json ? try report.json() : report.text(classSizes: sizes))
}

extension Inspection {
  /// A table.
  fileprivate func text(classSizes: [Int]?) -> String {
    let types = elementTypes.sorted { $0.value > $1.value }.map(\.key).joined(separator: ", ")
    var lines = [
      "model       \(file)",
      "family      \(family) \(kind)" + (published.map { "; shapes of \($0)" } ?? ""),
      "file        \(container); \(types)",
      "weights     \(weights) (\(weightsKnownFrom))",
      "parameters  \(grouped(parameters))",
      "arithmetic  \(quantity(Double(flop), "FLOP")) per forward pass of one image",
    ]
    if let autoencoder {
      func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }
      lines.append(
        """
        autoencoder \(autoencoder.kind), \(grouped(autoencoder.parameters)) parameters; latents of \
        \(text(autoencoder.latents)), divided by \(autoencoder.scalingFactor), to pictures of \
        \(text(autoencoder.pictures)) in \(quantity(Double(autoencoder.flop), "FLOP"))\
        \(autoencoder.hasEncoder ? "" : "; no encoder")
        """)
    }
    if let classNames {
      let sizes = classSizes.flatMap { $0.count == classNames.count ? $0 : nil }
      let shown = classNames.prefix(20).enumerated().map { label, name in
        sanitized(name) + (sizes.map { " \(grouped($0[label]))" } ?? "")
      }
      let more = classNames.count > 20 ? " and \(grouped(classNames.count - 20)) more" : ""
      lines.append("classes     \(shown.joined(separator: ", "))\(more)" + (sizes == nil ? "" : " pictures"))
    }
    // Networks of some code bases are no stack of levels.
    if !levels.isEmpty { lines += ["", "    pixels  channels  attention     parameters        FLOP"] }
    lines += levels.map { level in
      right("\(level.size)×\(level.size)", 10) + right("\(level.channels)", 10)
        + right(level.heads.map { $0 == 1 ? "1 head" : "\($0) heads" } ?? "", 11)
        + right(grouped(level.parameters), 15)
        + right(level.flop == 0 ? "" : quantity(Double(level.flop), ""), 12)
    }
    lines.append("")
    let width = facts.map(\.key.count).max() ?? 0
    let valueWidth = facts.map(\.value.count).max() ?? 0
    lines += facts.map { fact in
      fact.key.padding(to: width + 2) + fact.value.padding(to: valueWidth + 2) + fact.source
    }
    if let check {
      lines += [
        "",
        "error on drawings with noise: \(decimal(check.error, 3)) (0 is perfect, predicting nothing is 1)",
      ]
      if let advice = check.advice { lines.append(advice) }
    }
    // Text from files is not trusted.
    return lines.map { sanitizedLine($0) + "\n" }.joined()
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

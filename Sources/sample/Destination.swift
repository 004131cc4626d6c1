import CommandLineInterface
import Images
import TensorCore

/// Where a drawing's images go: files of their own as they are finished, or one file when all are.
struct Destination {
  private let plan: Plan
  private let output: OutputDestination
  private var batches: [Drawing.Batch] = []

  /// Looks before anything is drawn whether the images can go there.
  ///
  /// - Throws: `SettingsError`, `ImageError`, `UsageError`.
  init(_ plan: Plan) throws {
    self.plan = plan
    // `--out pictures` is a folder if there is one of that name.
    if case .png(let path) = plan.options.output, kind(ofPath: path) == .folder {
      output = .folder(path)
    } else if let given = plan.options.output {
      output = given
    } else if plan.options.isUpstreamRun && plan.options.grid == nil {
      // As `image_sample.py` names its file: samples_64x32x32x3.npz.
      let shape = [plan.options.count] + plan.imageShape.dropFirst() + plan.imageShape.prefix(1)
      output = .npz("samples_\(shape.map(String.init).joined(separator: "x")).npz")
    } else {
      output = .png("sample.png")
    }
    let channels = plan.imageShape[0]
    switch output {
    case .npz, .npy: break
    default:
      if channels != 1 && channels != 3 { throw ImageError.channels(channels) }
    }
    switch output {
    case .png(let path), .npz(let path), .npy(let path): try Self.requireFolder(of: path)
    case .folder(let path):
      guard kind(ofPath: path) == .folder else {
        throw SettingsError(
          kind(ofPath: path) == .file
            ? "--out: \(path) is a file without an extension; type for instance --out \(path).png"
            : "--out: there is no folder \(path); make it with mkdir -p \(path), or type --out \(path).png for a file")
      }
      if plan.options.grid != nil { throw SettingsError("--grid makes one sheet; type --out \(path)/sheet.png") }
    case .pattern, .standardOutput: break
    }
    if let pattern {
      for image in 0..<plan.options.count {
        let path = pattern.path(for: image)
        if image == 0 { try Self.requireFolder(of: path) }
        if !plan.options.overwrite && kind(ofPath: path) != .nothing {
          throw SettingsError("--out: \(path) exists; type --overwrite to replace it, or choose another --out")
        }
      }
    }
  }

  /// What the images are called, where each has a file of its own.
  private var pattern: OutputPattern? {
    switch output {
    case .pattern(let pattern): pattern
    case .folder(let path): .inFolder(path)
    default: nil
    }
  }

  /// For the last line of a run.
  var name: String {
    switch output {
    case .png(let path), .npz(let path), .npy(let path): path
    case .folder, .pattern: pattern.map { $0.path(for: 0) + (plan.options.count > 1 ? " …" : "") } ?? ""
    case .standardOutput: "standard output"
    }
  }

  /// Takes a finished batch.
  ///
  /// - Throws: `ImageError`.
  mutating func add(_ batch: Drawing.Batch) throws {
    guard let pattern else {
      batches.append(batch)
      return
    }
    for (n, image) in batch.images.enumerated() {
      let picture = try Picture(batch.x, n).enlarged(by: plan.options.scale)
      try writeAtomically(try picture.png(text: text(image, batch.labels?[n])), to: pattern.path(for: image))
    }
  }

  /// Writes what is one file.
  ///
  /// - Throws: `ImageError`.
  func finish() throws {
    switch output {
    case .folder, .pattern: return
    case .png(let path): try writeAtomically(try sheet(), to: path)
    case .standardOutput: try writeToStandardOutput(try sheet())
    case .npy(let path):
      let x = Tensor.stacked(batches.map(\.x))
      try writeAtomically(npy(x.shape, .float32(x.values)), to: path)
    case .npz(let path):
      let x = Tensor.stacked(batches.map(\.x))
      var arrays = [
        (
          name: "arr_0", shape: [x.shape[0], x.shape[2], x.shape[3], x.shape[1]],
          elements: NPYElements.uint8(uint8Pixels(x))
        )
      ]
      let labels = batches.compactMap(\.labels).flatMap { $0 }
      if !labels.isEmpty { arrays.append(("arr_1", [labels.count], .int64(labels.map(Int64.init)))) }
      try writeAtomically(try npz(arrays, path: path), to: path)
    }
  }

  /// The one image, or the sheet of all.
  private func sheet() throws -> [UInt8] {
    var pictures: [Picture] = []
    for batch in batches {
      for n in 0..<batch.images.count { pictures.append(try Picture(batch.x, n)) }
    }
    switch plan.options.grid {
    case nil:
      let only = batches.first?.labels?.first
      return try pictures[0].enlarged(by: plan.options.scale).png(text: text(0, only))
    case .automatic: return try grid(pictures).enlarged(by: plan.options.scale).png(text: text(nil, nil))
    case .columns(let columns):
      return try grid(pictures, columns: columns).enlarged(by: plan.options.scale).png(text: text(nil, nil))
    }
  }

  /// The text chunks: what drew the image, in the form that image browsers show. Nothing that depends on batch, count or threads.
  private func text(_ image: Int?, _ label: Int?) -> [(key: String, value: String)] {
    var parameters =
      "Steps: \(plan.diffusion.count), Sampler: \(plan.isDDIM ? "DDIM" : "DDPM"), CFG scale: \(plan.guidance), Seed: \(plan.seed), Size: \(plan.imageShape[2])x\(plan.imageShape[1])"
    if let label { parameters += ", Class: \(plan.model.settings.name(ofClass: label))" }
    if let image { parameters += ", Image: \(image)" }
    return [("Software", "sample \(version)"), ("parameters", parameters)]
  }

  private static func requireFolder(of path: String) throws {
    guard let slash = path.lastIndex(of: "/") else { return }
    let folder = String(path[..<slash])
    if !folder.isEmpty && kind(ofPath: folder) != .folder {
      throw SettingsError("--out: there is no folder \(folder); make it with mkdir -p \(folder)")
    }
  }
}

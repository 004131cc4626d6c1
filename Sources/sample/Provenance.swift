import DiffusionBytes
import DiffusionCommandLine
import DiffusionCore
import DiffusionImages
import DiffusionPlatform

/// What an image says of how it was drawn, and all that is needed to draw it again.
struct Provenance: Codable {
  /// The keyword of the text chunk that holds it as JSON.
  static let key = "sample"

  let version: String
  /// The file, or nil for the embedded model.
  let model: String?
  /// `StateDict.fingerprint`.
  let modelHash: String
  /// Nil where the noise was made of pictures or of two seeds.
  let seed: UInt64?
  /// The image's number; nil for a sheet.
  let image: Int?
  let label: Int?
  /// The options that, with the model, draw this image.
  let arguments: [String]
  /// The SHA-256 of the pictures that it was drawn from, by their options; nil for none.
  let files: [String: String]?

  enum CodingKeys: String, CodingKey {
    case version, model, seed, image, arguments, files
    case modelHash = "model_hash"
    case label = "class"
  }

  /// - Parameter besides: options that draw, besides the image, the file that says so.
  init(_ plan: Plan, image: Int?, label: Int?, besides: [String] = []) {
    version = programVersion
    // Of a run of training, the file that was drawn with: the run goes on.
    model = plan.options.model == nil ? nil : plan.model.name
    modelHash = plan.model.fingerprint
    seed = plan.origin == nil ? plan.seed : nil
    self.image = image.map { plan.origin?.number(ofImage: $0) ?? $0 }
    self.label = label
    arguments = Self.arguments(plan, image: image, label: label) + besides
    files = plan.initial?.files
  }

  /// Nothing that depends on batch, count, threads, shard or resumption, and none of the defaults left to be guessed.
  private static func arguments(_ plan: Plan, image: Int?, label: Int?) -> [String] {
    if let origin = plan.origin { return origin.arguments(plan, image: image, label: label) }
    let options = plan.options
    var words = ["--seed", "\(plan.seed)"]
    if let image { words += ["--index", "\(image)"] } else { words += sheetArguments(options) }
    words += plan.stepArguments + ["--sampler", plan.sampler.rawValue]
    if let spacing = options.spacing { words += ["--spacing", spacing.rawValue] }
    if let eta = options.eta, eta != 0 { words += ["--eta", "\(eta)"] }
    if plan.model.settings.nullClass != nil { words += ["--guidance", "\(plan.guidance)"] }
    if let interval = options.guidanceInterval {
      words += ["--guidance-interval", "\(interval.lowerBound)-\(interval.upperBound)"]
    }
    if let classifier = plan.classifier {
      words += ["--classifier", classifier.name, "--classifier-scale", "\(classifier.scale)"]
    }
    if let label { words += ["--class", "\(label)"] }
    if options.clipDenoised == false { words.append("--no-clip") }
    if let file = options.lowRes { words += ["--low-res", file] }
    words += plan.initial?.arguments ?? []
    if let file = options.noise { words += ["--noise", file] }
    if options.scale != 1 { words += ["--scale", "\(options.scale)"] }
    if options.rng == .torch { words += ["--rng", "torch", "--count", "\(options.count)", "--batch", "\(plan.batch)"] }
    return words + options.modelWords.sorted { $0.key < $1.key }.map { "--\($0.key)=\($0.value)" }
  }

  /// Which images a sheet has, and how they stand on it.
  private static func sheetArguments(_ options: Options) -> [String] {
    var words = ["--grid"]
    if case .columns(let columns)? = options.grid { words = ["--grid", "\(columns)"] }
    words += options.index.map { ["--index", "\($0.lowerBound)-\($0.upperBound)"] } ?? ["--count", "\(options.count)"]
    if let shard = options.shard { words += ["--shard", "\(shard.number)/\(shard.count)"] }
    if let classes = options.classes { words += ["--class", classes.joined(separator: ",")] }
    return words
  }

  /// Whether both are the same image of the same model, wherever its file lies.
  func isSameDrawing(as other: Provenance) -> Bool {
    (version, modelHash, seed, image, label) == (other.version, other.modelHash, other.seed, other.image, other.label)
      && arguments == other.arguments && files == other.files
  }

  /// The text chunk; keys in order.
  func json() throws -> String {
    try encodeJSON(self)
  }

  /// What the text chunks of an image say; nil if they say nothing of this kind.
  ///
  /// - Throws: what the JSON decoder throws for a chunk that is none of ours.
  static func read(_ chunks: [(key: String, value: String)]) throws -> Provenance? {
    guard let chunk = chunks.first(where: { $0.key == key }) else { return nil }
    return try decodeJSON(Provenance.self, from: chunk.value.utf8)
  }
}

extension Plan {
  /// What says which steps are taken, all defaults settled.
  var stepArguments: [String] {
    if let respacing = options.respacing { return ["--respacing", respacing] }
    if let timesteps = options.timesteps { return ["--timesteps", timesteps.map(String.init).joined(separator: ",")] }
    return ["--steps", "\(diffusion.count)"]
  }

  /// The text chunks of an image, or of a sheet: what drew it, in the form that image browsers show (`parameters`, after
  /// stable-diffusion-webui) and in full.
  func chunks(image: Int?, label: Int?, besides: [String] = []) throws -> [(key: String, value: String)] {
    guard options.metadata else { return [] }
    let provenance = Provenance(self, image: image, label: label, besides: besides)
    var parameters = [
      "Steps: \(diffusion.count)", "Sampler: \(sampler.title)", "CFG scale: \(guidance)",
      "Size: \(imageShape[2])x\(imageShape[1])", "Model hash: \(provenance.modelHash.prefix(10))",
      "Model: \(model.shortName)",
    ]
    if let seed = provenance.seed { parameters.insert("Seed: \(seed)", at: 3) }
    if let classifier { parameters.append("Classifier: \(classifier.name) at \(classifier.scale)") }
    if let initial { parameters.append("Denoising strength: \(initial.strength)") }
    if let label { parameters.append("Class: \(model.settings.name(ofClass: label))") }
    if let image { parameters.append("Image: \(image)") }
    return [
      ("Software", "sample \(programVersion)"), ("parameters", parameters.joined(separator: ", ")),
      (Provenance.key, try provenance.json()),
    ]
  }
}

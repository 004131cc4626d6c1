import DiffusionCheckpoints
import DiffusionCore

/// A preconditioning of NVlabs/edm, as a whole module says it is: how the network's answer becomes an image.
enum EDMProcess {
  /// The classes, and the processes that they are.
  private static let classes = [
    "EDMPrecond": "edm", "VPPrecond": "edm-vp", "VEPrecond": "edm-ve", "iDDPMPrecond": "edm-iddpm",
  ]
  /// The network's classes, which have no preconditioning.
  private static let networks: Set<String> = [EDMShape.Kind.song.rawValue, EDMShape.Kind.dhariwal.rawValue]

  /// What the module says of its process; nil if the file has no whole module, or only that of the network.
  ///
  /// - Parameter name: the checkpoint's name in errors.
  /// - Throws: `ModelError.unusable` if it is none of EDM's, or has constants that the process here does not have.
  static func description(
    _ attributes: [String: PlainValue], name: String
  ) throws(ModelError) -> ModelDescription? {
    let outermost = attributes.keys.filter { $0 == "class_name" || $0.hasSuffix(".class_name") }
      .sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    guard let key = outermost.first, let found = attributes[key]?.text, !networks.contains(found) else { return nil }
    guard let process = classes[found] else {
      throw .unusable(
        reason:
          """
          \(name): holds an object of the class \(found), which is none of the preconditionings of NVlabs/edm; \
          \(classes.keys.sorted().joined(separator: ", ")) are known
          """)
    }
    let prefix = key.dropLast("class_name".count)
    func number(_ attribute: String) throws(ModelError) -> Double {
      guard let number = attributes[prefix + attribute]?.number else {
        throw .unusable(reason: "\(name): its \(found) does not say what its \(attribute) is")
      }
      return number
    }
    func require(_ constants: KeyValuePairs<String, Double>) throws(ModelError) {
      for (attribute, value) in constants {
        let found = try number(attribute)
        guard abs(found - value) <= 1e-9 * value else {
          throw .unusable(
            reason: "\(name): its \(attribute) is \(found), but the process \(process) is known only with \(value)")
        }
      }
    }
    var description = ModelDescription()
    description.process = process
    description.clipDenoised = false
    switch process {
    case "edm":
      description.sigmaData = try number("sigma_data")
      description.sigmaLogScale = 0.25
    case "edm-vp": try require(["beta_d": 19.9, "beta_min": 0.1, "M": 1000])
    case "edm-iddpm": try require(["C_1": 0.001, "C_2": 0.008, "M": 1000])
    default: break
    }
    // generate.py draws between 0.002 and 80, as far as the network supports it.
    let range = (least: max(0.002, try number("sigma_min")), most: min(80, try number("sigma_max")))
    let usual = ContinuousDiffusion(ContinuousDiffusion.Form(rawValue: process) ?? .edm)
    // The usual range is left to the user, as generate.py's is.
    if abs(range.least - usual.sigmaMin) > 1e-6 * usual.sigmaMin { description.sigmaMin = range.least }
    if range.most != usual.sigmaMax { description.sigmaMax = range.most }
    return description
  }
}

extension DescribedModel {
  /// Takes the settings of a process from `module`, an object in the file `name`.
  mutating func fill(in module: ModelDescription, _ name: String) {
    func take<T>(_ key: String, _ path: WritableKeyPath<ModelDescription, T?>) {
      guard let value = module[keyPath: path] else { return }
      description[keyPath: path] = value
      otherFiles[key] = name
    }
    take("process", \.process)
    take("sigma_data", \.sigmaData)
    take("sigma_log_scale", \.sigmaLogScale)
    take("sigma_min", \.sigmaMin)
    take("sigma_max", \.sigmaMax)
    take("clip_denoised", \.clipDenoised)
  }
}

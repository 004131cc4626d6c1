import DiffusionFiles

/// The files that a plan's images are drawn from.
extension SamplingPlan {
  /// Each with the option that names it: a file in a folder by itself, and the model's if it has one.
  public var inputFiles: [(option: String, path: String)] {
    var files: [(option: String, path: String)] = []
    if let path = model.path { files += [("--model", path), ("--model", model.name)] }
    for (option, pictures) in pictureFiles {
      files.append((option: "--\(option)", path: pictures.path))
      files += pictures.files.map { (option: "--\(option)", path: $0) }
    }
    let others = [
      ("--guide-model", request.guideModel), ("--classifier", request.classifier), ("--mask", request.mask),
      ("--noise", request.noise),
    ]
    for case (let option, let path?) in others { files.append((option: option, path: path)) }
    switch request.source {
    case .noise, .interpolation(.seeds, _): break
    case .reconstruction(let given): files += given.map { (option: "an image to draw again", path: $0) }
    case .interpolation(.pictures(let a, let b), _): files += [a, b].map { (option: "one of the two", path: $0) }
    }
    return files
  }

  /// Identifies the input files of an image, or for nil of all, keyed by option: by SHA-256, a guiding model by its
  /// fingerprint. Nil if there are none.
  public func inputHashes(of image: Int?) -> [String: String]? {
    var hashes: [String: String] = [:]
    for (option, pictures) in pictureFiles { hashes[option] = pictures.hash(of: image) }
    if let hash = initial?.maskHash ?? condition?.maskHash { hashes["mask"] = hash }
    if let guide { hashes["guide-model"] = guide.model.fingerprint }
    return hashes.isEmpty ? nil : hashes
  }

  private var pictureFiles: [(option: String, files: PictureFiles)] {
    [("init-image", initial?.files), ("low-res", lowRes?.files), ("condition", condition?.files)].compactMap {
      option, files in files.map { (option, $0) }
    }
  }
}

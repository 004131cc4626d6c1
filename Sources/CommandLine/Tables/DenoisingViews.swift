/// The options that show how an image comes about.
let viewingOptions: [OptionDefinition] = [
  OptionDefinition(
    "frames", .required(name: "FILE", example: "frames.png"), .output,
    "write an animated PNG too, which plays in a browser, over and over, in 2 to 5 seconds: what the model expects the picture to become, at each step or at 100 of them, and last the picture, which other viewers show alone"
  ) { o, value, name throws(UsageError) in o.frames = try picture(value, name, endings: [".png", ".apng"]) },
  OptionDefinition(
    "strip", .required(name: "FILE", example: "strip.png"), .output,
    "write the same at up to 10 of the steps as one PNG, side by side, with a row for each image"
  ) { o, value, name throws(UsageError) in o.strip = try picture(value, name, endings: [".png"]) },
  OptionDefinition(
    "preview", .none, .output,
    "show on the terminal, while drawing, what the model expects the images to become: in kitty, iTerm2 and WezTerm as pictures, elsewhere as coloured half blocks, or with NO_COLOR as characters"
  ) { o, _, _ throws(UsageError) in o.preview = true },
]

/// The name of a file with one of the endings.
private func picture(_ value: String, _ name: String, endings: [String]) throws(UsageError) -> String {
  guard endings.contains(where: { value.lowercased().hasSuffix($0) }) else {
    throw UsageError(
      "--\(name): writes a file that ends in \(endings.joined(separator: " or ")), not \(value); type for instance --\(name) \(name).png"
    )
  }
  return value
}

/// What can be said against views of the denoising without knowing the model.
func validateViews(_ options: Options) throws(UsageError) {
  if options.preview {
    if options.quiet { throw UsageError("--quiet and --preview contradict each other; type only one of them") }
    if options.progress == .plain {
      throw UsageError("--preview draws in one place, and --progress plain goes on line by line; type only one of them")
    }
  }
  let files = [("--frames", options.frames), ("--strip", options.strip)].compactMap { name, path in
    path.map { (name: name, path: $0) }
  }
  guard let first = files.first else { return }
  let other: String? =
    switch options.output {
    case nil: options.isUpstreamRun && options.grid == nil ? "without --out an archive is written" : nil
    case .png, .standardOutput: nil
    case .pattern, .folder: "--out asks for a file each"
    case .tar(let path): "\(path) holds a file each"
    case .npz(let path), .npy(let path): "\(path) holds arrays"
    }
  if let other {
    throw UsageError(
      "\(first.name) shows how one picture or sheet comes about, but \(other); type for instance --out img.png, or leave \(first.name) out"
    )
  }
  var written = [(name: "--out", path: "sample.png")]
  switch options.output {
  case .png(let path): written = [("--out", path)]
  case .standardOutput: written = []
  default: break
  }
  for file in files {
    if let other = written.first(where: { $0.path == file.path }) {
      throw UsageError("\(other.name) and \(file.name) would both write \(file.path); give one of them another name")
    }
    written.append(file)
  }
}

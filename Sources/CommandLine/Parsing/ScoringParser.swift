import DiffusionTraining

/// Checks what `sample score` is asked for.
///
/// - Throws: `UsageError`.
func scoring(_ operands: [String], _ given: Options) throws(UsageError) -> Options {
  var options = given
  options.score.pictures = operands
  // The same line draws the same pictures, and goes on with them.
  options.request.seed = options.request.seed ?? 0
  let score = options.score
  if operands.isEmpty && options.request.model == nil && options.given.spelling(ofAny: ["count"]) == nil {
    throw UsageError(
      """
      score needs pictures, or a model that draws some; type for instance sample score pictures --reference photos \
      --inception weights.pth, or --model m.pt --count 10000 in place of pictures (--count alone draws digits)
      """)
  }
  if !operands.isEmpty && options.request.model != nil {
    throw UsageError("pictures and --model both say what to score; type only one of them")
  }
  let drawing = optionTable.filter {
    $0.commands.contains(.score) && ![.measuring, .output, .general].contains($0.group) && $0.names[0] != "batch"
  }
  if !operands.isEmpty, let option = options.given.spelling(ofAny: Set(drawing.map { $0.names[0] })) {
    throw UsageError(
      "\(option) is for pictures that a model draws; leave it out, or type --model m.pt for the pictures")
  }
  if score.reference.isEmpty {
    throw UsageError("score needs to know what pictures should be like; type for instance --reference photos too")
  }
  switch (score.inception, score.classifier) {
  case (nil, nil):
    throw UsageError(
      verbatim: """
        score compares pictures by features of a network, which is not part of this program; type --features and a \
        classifier that train --classifier has made, or --inception and \(inceptionWeightsAdvice)
        """)
  case (.some, .some):
    throw UsageError("--inception and --features both say by what to compare; type only one of them")
  case (nil, .some) where score.resizing != nil:
    throw UsageError("--resize is for Inception; a classifier takes pictures of its own size; leave it out")
  default: break
  }
  if score.nearest == nil, let option = score.heldOut != nil ? "--held-out" : score.out != nil ? "--out" : nil {
    throw UsageError("\(option) belongs to --nearest; type for instance --nearest 10 too")
  }
  if score.nearest != nil, operands.count != 1 {
    throw UsageError(
      operands.isEmpty
        ? "--nearest names pictures, and those that are drawn here are not stored; draw them first, with sample --out"
        : "--nearest lists one set of pictures; type one of the \(operands.count)")
  }
  if let path = score.out, !path.lowercased().hasSuffix(".png") {
    throw UsageError("--out: the sheet is a PNG, not \(path); type --out pairs.png")
  }
  if let problem = options.request.problem { throw UsageError(verbatim: problem) }
  try validateWords(options)
  return options
}

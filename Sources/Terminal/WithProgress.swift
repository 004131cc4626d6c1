/// Runs `body` with progress on standard error that its argument moves on, and which Ctrl-C ends behind the current step.
///
/// - Parameters:
///   - images: how many.
///   - steps: of each image.
///   - interrupted: the lines that say what is left of the work, and what to type.
/// - Throws: `Interrupted`, and what `body` throws.
public func withProgress<Result>(
  _ style: ProgressStyle, images: Int, steps: Int,
  interrupted message: String = "interrupted: not all is done; type the same again to do it anew",
  _ body: (_ advance: (_ count: Int, _ step: Int) throws -> Void) throws -> Result
) throws -> Result {
  Interruption.watch()
  var progress = ProgressBar(style: style, images: images, steps: steps)
  defer { progress.finish() }
  do {
    return try body { count, step in
      progress.advance(by: count, step: step)
      try Interruption.check()
    }
  } catch let interrupted as Interrupted {
    progress.finish()
    writeError(message + "\n")
    throw interrupted
  }
}

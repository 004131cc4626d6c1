/// Runs `body` with a progress bar on standard error, which `advance` moves; Ctrl-C ends it after the current step.
///
/// - Parameters:
///   - style: how progress is shown.
///   - images: the number of images.
///   - steps: the steps per image.
///   - leavesFiles: whether images that are finished are on disk when the work is interrupted.
///   - body: the work.
/// - Throws: `Interrupted`, and errors from `body`.
public func withProgress<Result>(
  _ style: ProgressStyle, images: Int, steps: Int, leavesFiles: Bool = false,
  _ body: (_ advance: (_ count: Int, _ step: Int) throws -> Void) throws -> Result
) throws -> Result {
  Interruption.watch(saying: style == .none ? nil : "ending with this step; Ctrl-C again stops at once\n")
  var progress = ProgressBar(style: style, images: images, steps: steps)
  defer { progress.finish() }
  do {
    return try body { count, step in
      progress.advance(by: count, step: step)
      try Interruption.check()
    }
  } catch let interrupted as Interrupted {
    progress.finish()
    let words = leavesFiles ? "type the same again with --overwrite" : "type the same again"
    writeError("interrupted before the end; \(words) to start over\n")
    throw interrupted
  }
}

import DiffusionTraining

/// A line for each picture that an error is about, up to some number; none if the error says all there is to say.
public func badPictures(in error: any Error) -> [String] {
  let (bad, count): ([BadPicture], Int)
  switch error {
  case TrainingError.data(.files(_, .bad(let files, let all))): (bad, count) = (files, all)
  case ScoringError.badPictures(let files, of: let all, _): (bad, count) = (files, all)
  default: return []
  }
  return bad.count > 1 || count == 1 ? ImageDataset.lines(of: bad) : []
}

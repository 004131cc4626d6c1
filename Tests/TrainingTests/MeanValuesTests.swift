import DiffusionCore
import DiffusionTraining
import Testing

struct MeanValuesTests {
  @Test func meansAndLastValues() {
    var values = MetricAverages()
    #expect(values.values.isEmpty)
    values.add("loss", 1)
    values.set("rate", 7)
    values.add("loss", 2)
    values.add("loss", 6)
    values.set("rate", 0.5)
    #expect(values.values.map(\.key) == ["loss", "rate"] && values.values.map(\.value) == [3, 0.5])
    values.removeAll()
    #expect(values.values.isEmpty)
    values.set("rate", 1)
    values.add("loss", 4)
    #expect(values.values.map(\.key) == ["loss", "rate"] && values.values.map(\.value) == [4, 1])
  }

  /// `logkv_mean` after a `logkv` of the same name forgets what was set, as in upstream's logger, whose count it does
  /// not touch.
  @Test func addingAfterSetting() {
    var values = MetricAverages()
    values.set("x", 100)
    values.add("x", 2)
    values.add("x", 4)
    #expect(values.values.map(\.value) == [3])
  }

  /// Timesteps of 10 steps: 0, 1 and 2 are in the first quarter, 3 and 4 in the second, 5 to 7 in the third, 8 and 9 in
  /// the last.
  @Test func quartiles() {
    var values = MetricAverages()
    values.add("loss", losses: [8, 1, 3], timesteps: [9, 0, 2], of: 10)
    values.add("mse", losses: [1], timesteps: [5], of: 10)
    #expect(values.values.map(\.key) == ["loss", "loss_q0", "loss_q3", "mse", "mse_q2"])
    #expect(values.values.map(\.value) == [4, 2, 8, 1, 1])
    // A mean of the batches' means, whatever their sizes, but quartiles of all examples.
    values.add("loss", losses: [6], timesteps: [3], of: 10)
    values.add("loss", losses: [], timesteps: [], of: 10)
    values.add("loss", losses: [5, 5], timesteps: [2, 8], of: 10)
    #expect(values.values.map(\.key) == ["loss", "loss_q0", "loss_q1", "loss_q3", "mse", "mse_q2"])
    #expect(values.values.map(\.value) == [5, 3, 6, 6.5, 1, 1])
  }
}

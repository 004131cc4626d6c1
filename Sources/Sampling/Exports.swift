// `import Sampling` is enough: what its interface speaks of comes with it.

@_exported import DiffusionCore
@_exported import DiffusionImages
@_exported import DiffusionModels
@_exported import TensorCore

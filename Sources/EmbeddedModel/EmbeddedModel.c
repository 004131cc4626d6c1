#include "EmbeddedModel.h"

_Alignas(64) const unsigned char embedded_model[] = {
#embed "digits.safetensors"
};
const size_t embedded_model_size = sizeof(embedded_model);

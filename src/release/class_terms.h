/* release/class_terms.h - inside this room: the release terms of a class, in its key. */
#pragma once
#include "base/buffer.h"
#include "model/terms.h"

bool class_terms_any(const struct terms *t); /* something is said */
/* The canonical text; empty when nothing is said. Errors stick in out. */
void class_terms_write(const struct terms *t, struct buffer *out);
/* The reverse: only what class_terms_write() writes. false: it is not; *ret is then of no use. */
bool class_terms_read(struct text t, struct terms *ret);

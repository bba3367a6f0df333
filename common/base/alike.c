/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/alike.c — the first text is the dictionary of all: JSON that one program
 * writes for many objects differs in names and numbers alone. LZ4 since it costs
 * less than the parsing that follows.
 */
#include "base/alike.h"

#include <stdint.h>
#include <string.h>

#include <lz4.h>

#include "base/mem.h"

#define MODEL_BYTES_MAX (64 * 1024) /* LZ4 looks no further back */

struct alike {
	char *model;
	int model_len;
};

struct alike_text {
	int len, kept_len; /* of the text, of bytes[] */
	char bytes[];
};

struct alike *alike_new(void)
{
	return mem_alloc(sizeof(struct alike));
}

void alike_free(struct alike **alike)
{
	if (*alike == NULL)
		return;
	mem_release((*alike)->model);
	mem_release(*alike);
	*alike = NULL;
}

static void model_set(struct alike *alike, struct text text)
{
	size_t len = text.len < MODEL_BYTES_MAX ? text.len : MODEL_BYTES_MAX;

	alike->model = mem_alloc(len + 1);
	memcpy(alike->model, text.at, len);
	alike->model_len = (int)len;
}

struct alike_text *alike_keep(struct alike *alike, struct text text)
{
	BUG_ON(text.len > LZ4_MAX_INPUT_SIZE);
	if (alike->model == NULL && text.len > 0)
		model_set(alike, text);
	int bound = LZ4_compressBound((int)text.len);
	struct alike_text *kept = mem_alloc(sizeof(*kept) + (size_t)bound);
	LZ4_stream_t stream;
	(void)LZ4_initStream(&stream, sizeof(stream));
	(void)LZ4_loadDict(&stream, alike->model, alike->model_len);
	int kept_len = LZ4_compress_fast_continue(&stream, text.at, kept->bytes, (int)text.len, bound, 1);
	BUG_ON(kept_len <= 0); /* the bound is room enough for any text */
	kept->len = (int)text.len;
	kept->kept_len = kept_len;
	return mem_resize(kept, sizeof(*kept) + (size_t)kept_len);
}

void alike_text_free(struct alike_text **kept)
{
	mem_release(*kept);
	*kept = NULL;
}

size_t alike_text_bytes(const struct alike_text *kept)
{
	return sizeof(*kept) + (size_t)kept->kept_len;
}

char *alike_read(const struct alike *alike, const struct alike_text *kept)
{
	char *text = mem_alloc((size_t)kept->len + 1);
	int len = LZ4_decompress_safe_usingDict(kept->bytes, text, kept->kept_len, kept->len, alike->model, alike->model_len);

	BUG_ON(len != kept->len); /* we wrote those bytes */
	return text;
}

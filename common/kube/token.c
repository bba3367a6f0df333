/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/token.c — the bearer token. Reads a file from the loop: it is a small
 * one on the pod's own memory file system, looked at once a second at most.
 */
#include "kube/token.h"

#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#define LOOK_EVERY_MS   1000
#define MAX_TOKEN_BYTES (16 * 1024)

struct kube_token {
	char *text;
	char *file;
	bool must_read; /* whatever the file's times say */
	bool was_looked;
	int64_t looked_ms;
	struct stat seen;
};

struct kube_token *kube_token_new(const char *token, const char *file)
{
	struct kube_token *made = mem_alloc(sizeof(*made));

	made->file = mem_copy_text(file);
	made->text = file == NULL ? mem_copy_text(token) : NULL;
	made->must_read = file != NULL;
	return made;
}

static void text_forget(struct kube_token *token)
{
	if (token->text != NULL)
		explicit_bzero(token->text, strlen(token->text));
	mem_release(token->text);
	token->text = NULL;
}

void kube_token_free(struct kube_token **token)
{
	if (*token == NULL)
		return;
	text_forget(*token);
	mem_release((*token)->file);
	mem_release(*token);
	*token = NULL;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A header's value: one line, nothing but visible characters. */
static bool is_header_value(struct text text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] <= 0x20 || text.at[i] == 0x7f)
			return false;
	}
	return text.len > 0;
}

static struct text trimmed(struct text text)
{
	while (text.len > 0 && strchr(" \t\r\n", text.at[text.len - 1]) != NULL)
		text.len--;
	return text_trim(text);
}

static int token_read(struct kube_token *token, struct err *err)
{
	scoped_buf content;
	struct text text;
	int result;

	buf_init(&content, MAX_TOKEN_BYTES);
	if (file_read(token->file, &content, err) == -1)
		return err_wrap(err, "token file");
	text = trimmed(buf_text(&content));
	if (is_header_value(text)) {
		text_forget(token);
		token->text = mem_copy_bytes(text.at, text.len);
		result = 0;
	} else {
		result = err_set(err, ERR_INVALID, "token file %s holds no token", token->file);
	}
	if (content.block != NULL)
		explicit_bzero(content.block, content.size);
	return result;
}

/* Reads again what has changed; a file that is just being replaced leaves the old token in use. */
static int token_look(struct kube_token *token, struct err *err)
{
	struct stat now = { 0 };

	if (stat(token->file, &now) == 0 && !token->must_read && is_same_file(&now, &token->seen))
		return 0;
	if (token_read(token, err) == -1)
		return -1;
	token->seen = now;
	token->must_read = false;
	return 0;
}

int kube_token_get(struct kube_token *token, int64_t now_ms, const char **ret_text, struct err *err)
{
	bool is_due = !token->was_looked || token->must_read || now_ms - token->looked_ms >= LOOK_EVERY_MS;

	if (token->file != NULL && is_due) {
		token->was_looked = true;
		token->looked_ms = now_ms;
		if (token_look(token, err) == -1 && token->text == NULL)
			return -1;
	}
	*ret_text = token->text;
	return 0;
}

bool kube_token_refused(struct kube_token *token)
{
	if (token->file == NULL)
		return false;
	token->must_read = true;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/token.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test/unit/base/test.h"

static void file_write(const char *path, const char *text)
{
	char fresh[128];
	FILE *file;

	/* as the kubelet does it: a new file takes the old one's place */
	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	file = fopen(fresh, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(fresh, path), 0);
}

static const char *get(struct kube_token *token, int64_t now_ms)
{
	const char *text = NULL;
	struct err err = { 0 };

	assert_int_equal(kube_token_get(token, now_ms, &text, &err), 0);
	return text;
}

static void a_fixed_token_stays(void **state)
{
	scoped(kube_token) token = kube_token_new("fixed", NULL);
	scoped(kube_token) none = kube_token_new(NULL, NULL);

	(void)state;
	assert_string_equal(get(token, 0), "fixed");
	assert_false(kube_token_refused(token));
	assert_null(get(none, 0));
}

static void a_file_that_changed_is_read_again_within_a_second(void **state)
{
	char path[] = "/tmp/krypton-token-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	file_write(path, "first\n");
	scoped(kube_token) token = kube_token_new("loses", path);
	assert_string_equal(get(token, 1000), "first");
	file_write(path, "second \r\n");
	assert_string_equal(get(token, 1500), "first"); /* not looked at yet */
	assert_string_equal(get(token, 2000), "second");
	file_write(path, "third");
	assert_true(kube_token_refused(token));
	assert_string_equal(get(token, 2001), "third"); /* a refused one at once */
	assert_int_equal(unlink(path), 0);
	assert_string_equal(get(token, 9000), "third"); /* what is being replaced does not harm */
	(void)close(fd);
}

static void a_file_without_a_token_is_named(void **state)
{
	static const char *const bad[] = { "", "\n", "two words", "line\nline", "caf\xc3\xa9" };
	char path[] = "/tmp/krypton-token-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *text = NULL;
		struct err err = { 0 };
		scoped(kube_token) token = kube_token_new(NULL, path);

		file_write(path, bad[i]);
		assert_int_equal(kube_token_get(token, 0, &text, &err), -1);
		assert_non_null(strstr(err.message, path));
	}
	assert_int_equal(unlink(path), 0);
	(void)close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fixed_token_stays),
		cmocka_unit_test(a_file_that_changed_is_read_again_within_a_second),
		cmocka_unit_test(a_file_without_a_token_is_named),
	};

	return cmocka_run_group_tests_name("kube/token", tests, NULL, NULL);
}

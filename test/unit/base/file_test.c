/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "test/unit/base/test.h"

/* A file in memory with so many bytes; its path in out. Close the descriptor. */
static int file_of(const char *byte, size_t count, char out[64])
{
	int fd = memfd_create("file_test", MFD_CLOEXEC);

	assert_int_not_equal(fd, -1);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(write(fd, byte, 1), 1);
	(void)snprintf(out, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static void a_file_is_read_whole_up_to_the_cap(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 10000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		scoped_buf fits, too_small;
		struct err err = { 0 };
		char path[64];
		int fd = file_of("x", sizes[i], path);

		buf_init(&fits, sizes[i]);
		assert_int_equal(file_read(path, &fits, &err), 0);
		assert_int_equal(buf_len(&fits), sizes[i]);
		buf_init(&too_small, sizes[i] == 0 ? 0 : sizes[i] - 1);
		assert_int_equal(file_read(path, &too_small, &err), sizes[i] == 0 ? 0 : -1);
		assert_int_equal(err.code, sizes[i] == 0 ? ERR_NONE : ERR_LIMIT);
		assert_int_equal(buf_len(&too_small), 0);
		(void)close(fd);
	}
}

static void a_file_is_appended(void **state)
{
	scoped_buf buf;
	struct err err = { 0 };
	char path[64];
	int fd = file_of("x", 3, path);

	(void)state;
	buf_init(&buf, 8);
	assert_int_equal(buf_append(&buf, "ab", 2), 0);
	assert_int_equal(file_read(path, &buf, &err), 0);
	assert_int_equal(file_read(path, &buf, &err), 0);
	assert_int_equal(file_read(path, &buf, &err), -1);
	assert_string_equal(buf_terminated(&buf), "abxxxxxx");
	(void)close(fd);
}

static void an_error_names_the_path_and_why(void **state)
{
	scoped_buf buf;
	struct err err = { 0 };

	(void)state;
	buf_init(&buf, 8);
	assert_int_equal(file_read("/nowhere/kubeconfig", &buf, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.message, "/nowhere/kubeconfig: No such file or directory");
	assert_int_equal(file_read("/proc/self", &buf, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.message, "/proc/self: Is a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole_up_to_the_cap),
		cmocka_unit_test(a_file_is_appended),
		cmocka_unit_test(an_error_names_the_path_and_why),
	};

	return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}

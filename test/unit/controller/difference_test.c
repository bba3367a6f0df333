/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as a difference, and who made it. */
#include "controller/difference.h"

#include "controller/ownership.h"
#include "objects.h"

static void find(const char *wanted, const char *seen, const char *owned, struct differences *out)
{
	scoped_json wanted_object = object_of(wanted);
	scoped_json seen_object = object_of(seen);
	scoped_json set = owned == NULL ? NULL : object_of(owned);

	differences_find(wanted_object, seen_object, set, out);
}

static void equal_by_value_is_no_difference(void **state)
{
	static const char *const rows[][2] = {
		{ "{}", "{'a':1}" },
		{ "{'a':1,'b':'x'}", "{'a':1,'b':'x','c':true}" },
		{ "{'resources':{'limits':{'cpu':'1000m','memory':'1Gi'}}}",
			"{'resources':{'limits':{'cpu':'1','memory':'1024Mi'}}}" },
		{ "{'resources':{'requests':{'cpu':1}}}", "{'resources':{'requests':{'cpu':'1'}}}" },
		{ "{'emptyDir':{'sizeLimit':'1Gi'}}", "{'emptyDir':{'sizeLimit':'1024Mi'}}" },
		{ "{'containers':[{'name':'b','image':'x'}]}",
			"{'containers':[{'name':'a'},{'name':'b','image':'x','tty':true}]}" },
		{ "{'env':[{'name':'B','value':'1'},{'name':'A','value':''}]}", "{'env':[{'name':'A'},{'name':'B','value':'1'}]}" },
		{ "{'args':[]}", "{}" },
		{ "{'securityContext':{}}", "{}" },
		{ "{'a':null}", "{}" },
		{ "{'ports':[{'port':80,'targetPort':'proxy'}]}", "{'ports':[{'port':80,'targetPort':'proxy','protocol':'TCP'}]}" },
		{ "{'sources':[{'a':{'path':'t'}}]}", "{'sources':[{'a':{'path':'t','mode':7}}]}" },
		{ "{'n':5}", "{'n':5.0}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct differences found;

		find(rows[i][0], rows[i][1], NULL, &found);
		if (found.count != 0)
			fail_msg("%s against %s: %s", rows[i][0], rows[i][1], found.items[0].path);
	}
}

static void a_difference_is_named_by_its_path(void **state)
{
	static const struct {
		const char *wanted, *seen, *path, *value;
		bool is_absent;
	} rows[] = {
		{ "{'spec':{'replicas':1}}", "{'spec':{'replicas':5}}", "spec.replicas", "5", false },
		{ "{'spec':{'replicas':0}}", "{'spec':{}}", "spec.replicas", "", true },
		{ "{'a':false}", "{}", "a", "", true },
		{ "{'a':'1000m'}", "{'a':'1'}", "a", "1", false }, /* no quantity there: an environment's value, say */
		{ "{'limits':{'cpu':'2'}}", "{'limits':{'cpu':'1'}}", "limits.cpu", "1", false },
		{ "{'containers':[{'name':'agent','image':'a'}]}", "{'containers':[{'name':'agent','image':'b'}]}",
			"containers[agent].image", "b", false },
		{ "{'containers':[{'name':'agent','image':'a'}]}", "{'containers':[{'name':'x'}]}", "containers[agent]", "", true },
		{ "{'args':['a']}", "{'args':['a','b']}", "args", "", false },
		{ "{'args':['a']}", "{'args':['b']}", "args[0]", "b", false },
		{ "{'ports':[{'containerPort':80,'name':'x'}]}", "{'ports':[{'containerPort':80,'name':'y'}]}", "ports[80].name",
			"y", false },
		{ "{'a':{'b':1}}", "{'a':7}", "a", "7", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct differences found;

		find(rows[i].wanted, rows[i].seen, NULL, &found);
		assert_int_equal(found.count, 1);
		assert_string_equal(found.items[0].path, rows[i].path);
		assert_string_equal(found.items[0].seen, rows[i].value);
		assert_int_equal(found.items[0].is_absent, rows[i].is_absent);
	}
}

static void what_we_own_was_changed_by_us(void **state)
{
	struct differences found;
	scoped_json owned = json_loads("{\"f:spec\":{\"f:replicas\":{},\"f:containers\":{\"k:{\\\"name\\\":\\\"agent\\\"}\":"
				       "{\".\":{},\"f:name\":{},\"f:image\":{},\"f:hook\":{}}}}}",
		0, NULL);
	scoped_json wanted =
		object_of("{'spec':{'replicas':1,'strategy':'a','containers':[{'name':'agent','image':'new','hook':[{'v':1}],"
			  "'tty':true}]}}");
	scoped_json seen =
		object_of("{'spec':{'replicas':2,'strategy':'b','containers':[{'name':'agent','image':'old','hook':[{'v':2}]}]}}");

	(void)state;
	assert_non_null(owned);
	differences_find(wanted, seen, owned, &found);
	assert_int_equal(found.count, 5);
	assert_string_equal(found.items[0].path, "spec.replicas");
	assert_false(found.items[0].is_foreign);
	assert_string_equal(found.items[1].path, "spec.strategy");
	assert_true(found.items[1].is_foreign);
	assert_string_equal(found.items[2].path, "spec.containers[agent].image");
	assert_false(found.items[2].is_foreign);
	assert_string_equal(found.items[3].path, "spec.containers[agent].hook[0].v");
	assert_false(found.items[3].is_foreign); /* the list is owned as a whole */
	assert_string_equal(found.items[4].path, "spec.containers[agent].tty");
	assert_true(found.items[4].is_absent);
	assert_false(found.items[4].is_foreign);
}

static void what_we_own_and_want_no_longer_is_a_difference(void **state)
{
	struct differences found;
	scoped_json owned = json_loads(
		"{\"f:spec\":{\"f:paused\":{},\"f:containers\":{\"k:{\\\"name\\\":\\\"agent\\\"}\":"
		"{\".\":{},\"f:name\":{},\"f:args\":{},\"f:hook\":{},\"f:env\":{\"k:{\\\"name\\\":\\\"A\\\"}\":{\".\":{},"
		"\"f:name\":{},\"f:value\":{}},\"k:{\\\"name\\\":\\\"B\\\"}\":{\".\":{},\"f:name\":{},"
		"\"f:value\":{}}}}}}}",
		0, NULL);
	scoped_json wanted = object_of(
		"{'spec':{'containers':[{'name':'agent','args':['x'],'hook':{'path':'p'},'env':[{'name':'A','value':'1'}]}]}}");
	scoped_json seen = object_of("{'spec':{'paused':true,'replicas':2,'containers':[{'name':'other'},{'name':'agent','args':['"
				     "x'],'tty':true,'hook':{'path':'p','version':'v1'},"
				     "'env':[{'name':'A','value':'1'},{'name':'B','value':'2'},{'name':'C','value':'3'}]}]}}");

	(void)state;
	assert_non_null(owned);
	differences_find(wanted, seen, owned, &found);
	assert_int_equal(found.count, 2);
	assert_string_equal(found.items[0].path, "spec.paused");
	assert_string_equal(found.items[1].path, "spec.containers[agent].env[B]");
	for (size_t i = 0; i < found.count; i++) {
		assert_false(found.items[i].is_foreign);
		assert_false(found.items[i].is_absent);
	}
}

static void more_differences_than_fit_are_cut(void **state)
{
	struct differences found;
	scoped_json wanted = json_object();
	scoped_json seen = json_object();

	(void)state;
	for (int i = 0; i < DIFFERENCES_MAX + 3; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "k%d", i);
		(void)json_object_set_new(wanted, key, json_integer(i));
	}
	differences_find(wanted, seen, NULL, &found);
	assert_int_equal(found.count, DIFFERENCES_MAX);
	assert_true(found.is_cut);
}

static void prefixes_are_whole_steps(void **state)
{
	struct differences found = { .count = 1 };

	(void)state;
	(void)snprintf(found.items[0].path, sizeof(found.items[0].path), "spec.template.spec");
	assert_true(differences_have(&found, "spec"));
	assert_true(differences_have(&found, "spec.template"));
	assert_false(differences_have(&found, "spec.temp"));
	assert_false(differences_have(&found, "spec.template.spec.containers"));
}

static void what_was_applied_last_is_extracted(void **state)
{
	scoped_json set =
		json_loads("{\"f:a\":{},\"f:o\":{\"f:x\":{}},\"f:containers\":{\"k:{\\\"name\\\":\\\"agent\\\"}\":{\".\":{},"
			   "\"f:name\":{},\"f:ports\":{\"k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},"
			   "\"f:containerPort\":{}}}}},\"f:gone\":{}}",
			0, NULL);
	scoped_json value =
		object_of("{'a':[1,2],'b':1,'o':{'x':1,'y':2},'containers':[{'name':'other'},{'name':'agent','tty':true,"
			  "'ports':[{'containerPort':80,'protocol':'TCP','name':'n'},{'containerPort':81}]}]}");
	scoped_json part = ownership_extract(value, set);

	(void)state;
	assert_json(part, "", "{'a':[1,2],'o':{'x':1},'containers':[{'name':'agent','ports':[{'containerPort':80}]}]}");
}

static void managers_are_told_apart(void **state)
{
	scoped_json object = object_of(
		"{'metadata':{'managedFields':["
		"{'manager':'kubectl','operation':'Update','subresource':'scale','fieldsV1':{'f:spec':{'f:replicas':{}}}},"
		"{'manager':'krypton-controller','operation':'Apply','subresource':'status','fieldsV1':{'f:x':{}}},"
		"{'manager':'krypton-controller','operation':'Apply','fieldsV1':{'f:spec':{'f:paused':{}}}}]}}");

	(void)state;
	assert_non_null(ownership_below_field(ownership_below_field(ownership_of(object, "krypton-controller"), "spec"), "paused"));
	assert_null(ownership_of(object, "kubectl"));
	assert_string_equal(ownership_other(object, "krypton-controller", "/spec/replicas"), "kubectl");
	assert_null(ownership_other(object, "krypton-controller", "/spec/paused"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_by_value_is_no_difference),
		cmocka_unit_test(a_difference_is_named_by_its_path),
		cmocka_unit_test(what_we_own_was_changed_by_us),
		cmocka_unit_test(what_we_own_and_want_no_longer_is_a_difference),
		cmocka_unit_test(more_differences_than_fit_are_cut),
		cmocka_unit_test(prefixes_are_whole_steps),
		cmocka_unit_test(what_was_applied_last_is_extracted),
		cmocka_unit_test(managers_are_told_apart),
	};

	return cmocka_run_group_tests_name("controller/difference", tests, NULL, NULL);
}

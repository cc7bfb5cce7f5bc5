/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: the figures of a process are its own and processor time never falls.
 * Method: two updates with work between them, and one of a process that starts anew
 * in the same shard.
 */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "careforall/process.h"

static void
work_for_a_while(void)
{
	volatile double sum = 0;

	for (int i = 0; i < 3000000; i++)
		sum += i;
}

static void
figures_are_of_this_process(void **state)
{
	CfaMetrics *metrics = cfa_metrics_new();
	CfaProcess process = {0};
	CfaProcess successor;
	int64_t cpu;
	int64_t files;
	int fd;

	cfa_process_register(&process, metrics);
	successor = process;
	cfa_metrics_attach_own(metrics);
	cfa_process_started(&process, metrics);
	assert_true(cfa_metrics_value(metrics, process.started) >
				(int64_t) 1700000000 * 1000000);

	cfa_process_update(&process, metrics);
	cpu = cfa_metrics_value(metrics, process.cpu);
	files = cfa_metrics_value(metrics, process.files);
	assert_true(cfa_metrics_value(metrics, process.memory) > 500000);
	assert_true(files >= 3);

	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	work_for_a_while();
	cfa_process_update(&process, metrics);
	assert_true(cfa_metrics_value(metrics, process.cpu) > cpu);
	assert_int_equal(cfa_metrics_value(metrics, process.files), files + 1);
	(void) close(fd);

	cpu = cfa_metrics_value(metrics, process.cpu);
	cfa_process_update(&successor, metrics);
	assert_true(cfa_metrics_value(metrics, process.cpu) > cpu);
	cfa_metrics_free(metrics);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_are_of_this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

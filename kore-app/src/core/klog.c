/* SPDX-License-Identifier: Apache-2.0 */
/*
 * klog.c: Kore's own messages as JSON lines, and what HUP does.
 *
 * The build weakens kore_log and kore_module_reload in Kore's objects, so that these
 * are linked. Kore calls the latter at HUP, in the parent and in each worker; there
 * are no modules to reload, but a log to open again.
 */
#include <kore/kore.h>

#include <careforall/log.h>

void
kore_log(int priority, const char *format, ...)
{
	CfaLogLevel level = CFA_LOG_INFO;
	char text[1024];
	va_list args;

	va_start(args, format);
	(void) vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (priority <= LOG_ERR)
		level = CFA_LOG_ERROR;
	else if (priority <= LOG_NOTICE)
		level = CFA_LOG_WARN;
	else if (priority == LOG_DEBUG)
		level = CFA_LOG_DEBUG;
	cfa_log(level,
			"kore",
			CFA_STR("text", text),
			CFA_INT("worker", worker != NULL ? worker->id : 0));
}

void
kore_module_reload(int callbacks)
{
	(void) callbacks;
	cfa_log_reload();
}

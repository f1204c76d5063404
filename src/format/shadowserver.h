/* format/shadowserver.h - Shadowserver's reports (CSV, times in UTC without a zone) -> reported events. What a report
 * is stands in its file's name, else in its header; what columns and reports mean stands in rules/shadowserver/, of
 * which the newest is compiled in, and what HOME/rules/shadowserver.json adds. docs/REPORTS.md */
#pragma once
#include "format/format.h"

extern const struct format FORMAT_SHADOWSERVER;

/* base/limits.h - every named limit, with its reason. */
#pragma once
#include <stddef.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* One STIX object as text. The largest in ATT&CK is 60 KB; observed data with payloads reach a few MB. */
#define STIX_OBJECT_MAX_BYTES (8 * MIB)
/* JSON nesting. RFC 8259 lets a reader choose; STIX's own structures stay under 10. */
#define JSON_DEPTH_MAX 64
/* XML nesting. IODEF's own structures stay under 20. */
#define XML_DEPTH_MAX 64
/* One Incident of IODEF as a tree, some 200 bytes an element: 300,000 of them. */
#define INCIDENT_BUDGET_BYTES (64 * MIB)
/* One line of a log or a CSV. A longer one is counted, reported and passed over. */
#define LINE_MAX_BYTES (1 * MIB)
/* A log line read as an event (match/logline.h): the longest of EVE, with payloads, have some tens of KB. */
#define LOGLINE_MAX_BYTES (256 * KIB)
/* Values of one event, columns of one header: certificates with a hundred names are real, and cut. Headers of one
 * file that differ: logs put behind each other. */
#define LOGLINE_VALUES_MAX  128
#define LOGLINE_COLUMNS_MAX 256
#define LOGLINE_HEADERS_MAX 256
/* Where a header is looked for when reading starts in the middle of a file. */
#define LOGLINE_HEAD_BYTES      (64 * KIB)
#define LOGLINE_LOOK_BACK_BYTES (4 * MIB)
/* Whole patterns over logs (match/streamed.h). Patterns, and the values by which lines are chosen for them; events
 * kept for one pattern until it is true, and the bytes of all that are kept: what falls out is counted and told. */
#define STREAMED_PATTERNS_MAX 65536
#define STREAMED_VALUES_MAX   ((size_t)1 << 20)
#define STREAMED_WINDOW_MAX   256
#define STREAMED_KEPT_BYTES   (256 * MIB)
/* Events that a watch keeps over a restart, before and after packing (match/windows.h); the older ones go first. */
#define WINDOWS_RAW_BYTES (8 * MIB)
#define WINDOWS_BYTES     (512 * KIB)
/* Whole patterns that are held, looked for or not: what is kept of each is a few hundred bytes. */
#define PATTERN_LIST_MAX ((size_t)1 << 20)
/* An event as an observation: its values, each in an object or two. */
#define STREAMED_EVENT_BYTES (512 * KIB)
/* Columns of a CSV. Shadowserver's widest report has about 120. */
#define CSV_COLUMNS_MAX 1024
/* Any input document, read as a stream. */
#define DOCUMENT_MAX_BYTES (64 * GIB)
/* References and markings of one object: a report of a whole campaign holds some thousands. */
#define STIX_REFS_MAX 16384
/* Atomic values of one pattern. Larger OR lists are real (a thousand hashes); beyond is refused. */
#define PATTERN_VALUES_MAX 4096
#define PATTERN_DEPTH_MAX  64
/* Terms of a pattern in disjunctive normal form, and bytes of its canonical text: AND over OR multiplies. Beyond,
 * whether two patterns are equivalent is left undecided (model/pattern_equal.h). */
#define PATTERN_TERMS_MAX    1024
#define PATTERN_NORMAL_BYTES (4 * MIB)
/* One evaluation of one pattern over observed data (match/evaluate.h): values looked at and edges walked while
 * binding observations; some tenths of a second. Beyond, the answer is "too expensive". */
#define PATTERN_STEPS_MAX 20000000
/* Observation expressions open at once in the search: REPEATS of what has a WITHIN or FOLLOWEDBY inside. */
#define PATTERN_BINDINGS_MAX 1024
/* PCRE2's own count of steps for one search in one value, and the memory it may take: some milliseconds. */
#define PATTERN_REGEX_STEPS_MAX  100000
#define PATTERN_REGEX_MEMORY_KIB (8 * KIB)
#define PATTERN_REGEX_MAX_BYTES  (16 * KIB)
/* A document of observed data is held whole, as observations refer to objects anywhere in it; what is known of them
 * beside it; processor time of the process that reads it, and how long it may say nothing. */
#define OBSERVED_MAX_BYTES        (64 * MIB)
#define OBSERVED_MEMORY_MAX_BYTES (192 * MIB)
#define OBSERVED_CPU_S            3600
#define OBSERVED_SILENCE_MS       600000
/* A name a person types: account, party, source, organisation. */
#define NAME_MAX_BYTES 200
/* One domain name (RFC 1035 section 2.3.4), one URL, one e-mail address (RFC 5321 section 4.5.3.1). */
#define DOMAIN_MAX_BYTES 253
#define URL_MAX_BYTES    (8 * KIB)
#define EMAIL_MAX_BYTES  320
/* Commands that run at a time for the HTTP API: the writer is one, and a search takes a core. Of one account, so that
 * a script does not keep people out. How long one may take before its request is answered without it. */
#define API_RUNS_MAX        16
#define API_RUNS_OF_ONE_MAX 8
#define API_READ_US         ((int64_t)60 * 1000000)
#define API_WRITE_US        ((int64_t)600 * 1000000)
/* One HTTP request body and header block. TAXII answers 413 beyond. */
#define HTTP_BODY_MAX_BYTES    (64 * MIB)
#define HTTP_HEADERS_MAX_BYTES (32 * KIB)
/* What we read of a partner's answer. */
#define HTTP_ANSWER_MAX_BYTES (256 * MIB)
/* Objects in one TAXII page, and when the client did not say. */
#define TAXII_PAGE_MAX     1000
#define TAXII_PAGE_DEFAULT 100
/* An index file: some 110 bytes an indicator. */
#define INDEX_FILE_MAX_BYTES (32 * GIB)
/* Log segment size, and the largest record in one (a body of STIX_OBJECT_MAX_BYTES and its frame). */
#define LOG_SEGMENT_BYTES    (64 * MIB)
#define LOG_RECORD_MAX_BYTES (16 * MIB)
/* A group of writes: what one sync makes durable. */
#define LOG_GROUP_MAX_BYTES (16 * MIB)
/* Kept free for incidents, erasure and verification on a full disk (store/reserve.h): thousands of small entries, and
 * what the view and local.db write for them. */
#define DISK_RESERVE_BYTES (16 * MIB)
/* A segment begun on a full disk: small, and enlarged for each group. */
#define LOG_SEGMENT_SMALL_BYTES (1 * MIB)
/* A finding's window ends after this without a hit. */
#define FINDING_WINDOW_US ((int64_t)24 * 3600 * 1000000)
/* Sightings by a constituent's sensor (desk/sensed.h). How far its clock may be ahead; what one of them may count, a
 * busy week of a machine that asks a hundred times a second; new ones of one group, more than a sensor has news. */
#define SENSED_AHEAD_US  ((int64_t)5 * 60 * 1000000)
#define SENSED_COUNT_MAX 100000000
#define SENSED_FRESH_MAX 1000
/* Lines kept as evidence for one finding; the count goes on. */
#define FINDING_EVIDENCE_MAX 1000
/* Events kept as evidence for one reported finding: an access provider is told of each customer. */
#define REPORT_EVIDENCE_MAX 10000
/* Addresses and names that a reported finding tells apart, and their bytes. */
#define FINDING_VALUES_MAX       1000
#define FINDING_VALUES_MAX_BYTES (16 * KIB)
/* Events by which a finding knows a repeated one, the newest; 8 bytes each. The same document is known as a whole. */
#define FINDING_PRINTS_MAX 65536
/* Bytes kept of one evidence line. */
#define EVIDENCE_LINE_MAX_BYTES (4 * KIB)
/* The text of a gate class (release/gate.h): some 200 bytes, and 48 names of REL-TO and NOT-TO with 38 bytes each. */
#define GATE_CLASS_KEY_MAX (4 * KIB)
/* A release whose recipient's own boundary has fewer members than this names no sector (release.md 9). */
#define SECTOR_MIN_MEMBERS 10
/* Objects dated further ahead than this are quarantined (ledger.md, Versions). */
#define FUTURE_MAX_US ((int64_t)24 * 3600 * 1000000)
/* One MISP event, or an answer that is no list: it is held whole, and parsed takes some five times its bytes. */
#define MISP_EVENT_MAX_BYTES (128 * MIB)
/* References of one report; what an event has beyond goes into groupings of the same size. */
#define MISP_REPORT_REFS_MAX 10000
/* ---- one foreign document in its reader process (process/worker.h) ---- */
/* Address space, the program itself included (some 100 MB of it): the largest object parsed, its canonical form and
 * the chunk it goes into take a third. */
#define READER_MEMORY_MAX_BYTES (1 * GIB)
/* Processor time: a base, and a second for so many bytes; a reader does 50 times as many. */
#define READER_CPU_BASE_S    30
#define READER_CPU_BYTES_A_S (2 * MIB)
/* Without a frame while its owner waits for one. A chunk takes some 20 ms. */
#define READER_SILENCE_MS 30000
/* From being started to being locked in: some 10 ms; a loaded machine may need longer. */
#define READER_START_MS 30000
/* What records carry is at most so many times the document's bytes, and a floor. A CSV row of 4 bytes becomes an
 * object of some 450. */
#define READER_GROWTH_MAX   256
#define READER_GROWTH_FLOOR (1 * MIB)

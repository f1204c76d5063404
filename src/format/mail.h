/* format/mail.h - mails (RFC 5322, MIME) and mbox files: attachments by the formats that they are of, text and HTML
 * as free text. Taken apart by GMime, which is loaded only by who reads mails: it brings GLib. */
#pragma once
#include "format/format.h"

extern const struct format FORMAT_MAIL;

/* Loads what mails are read with, and has it ask the system what it asks once: before a sandbox. false: the library
 * is not on this machine; a mail then says so. */
bool mail_prepare(void);

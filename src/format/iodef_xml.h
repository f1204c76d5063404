/* format/iodef_xml.h - IODEF as XML, one Incident after the other, by Expat. A DOCTYPE is refused at once: no entity
 * is ever declared, so none is expanded or fetched. UTF-8, UTF-16, ISO-8859-1 and ASCII are read. */
#pragma once
#include "format/iodef_tree.h"
#include "json/feed.h"

struct iodef_xml;

/* ERR_NOMEM */
MUST_CHECK enum err iodef_xml_open(struct feed_from from, struct text head, struct iodef_xml **ret);
void iodef_xml_free(struct iodef_xml *x);
/* The next Incident in *ret, borrowed until the next call. ERR_NOT_FOUND: the document ended well. ERR_LIMIT: an
 * Incident that is too large was passed over, *reterr says where. ERR_MALFORMED (not well-formed, cut off, no IODEF,
 * a DOCTYPE) | ERR_IO: final. ERR_NOMEM */
MUST_CHECK enum err iodef_xml_next(struct iodef_xml *x, struct iodef_node **ret, struct fault *reterr);
int64_t iodef_xml_offset(const struct iodef_xml *x); /* bytes read so far */

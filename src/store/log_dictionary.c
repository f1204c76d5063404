/* store/log_dictionary.c - what most objects have in common, given to zstd ahead: a small object then takes a third
 * of its size. Part of the format: docs/FORMAT-log.md; never changed, only followed by a second one. The end of it is
 * what zstd finds cheapest, so the commonest comes last. */
#include "store/log_inside.h"

const char log_dictionary_1[] =
    "\"sighting_of_ref\":\"indicator--\",\"spec_version\":\"2.1\",\"summary\":false,\"type\":\"sighting\","
    "\"where_sighted_refs\":[\"identity--\"first_seen\":\"2024-\",\"last_seen\":\"count\":"
    "\"relationship_type\":\"uses\",\"source_ref\":\"attack-pattern--\",\"target_ref\":\"malware--intrusion-set--"
    "threat-actor--campaign--tool--vulnerability--infrastructure--course-of-action--mitigates\",\"type\":"
    "\"relationship\"}"
    "\"external_references\":[{\"external_id\":\"CVE-2024-\",\"source_name\":\"cve\",\"url\":\"https://www.\"}],"
    "\"kill_chain_phases\":[{\"kill_chain_name\":\"mitre-attack\",\"phase_name\":\"command-and-control\"}],"
    "\"identity_class\":\"organization\",\"sectors\":[\"government\"],\"type\":\"identity\"}"
    "\"object_refs\":[\"published\":\"report_types\":[\"threat-report\"],\"type\":\"report\"}"
    "{\"line\":1,\"offset\":0,\"text\":\"Jan  1 00:00:00 named[]: client query: IN A + ()\"},"
    "\"is_family\":true,\"aliases\":[\"malware_types\":[\"remote-access-trojan\"],\"goals\":[\"roles\":["
    "\"extensions\":{"
    "\"extension-definition--\":{\"extension_type\":\"property-extension\",\"confidence\":50,\"labels\":["
    "\"lang\":\"en\",\"indicator_types\":[\"malicious-activity\",\"anomalous-activity\",\"compromised\",\"benign\"],"
    "\"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed\",\"marking-definition--826578e1-40ad-459f-bc73-"
    "ede076f81f37\",\"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421\",\"marking-definition--939a9414-2ddd-"
    "4d32-a0cd-375ea402b003\",\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\",\"marking-definition--"
    "94868c89-83c2-464b-929b-a1a8aa3c8487\",\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\",\"marking-"
    "definition--f88d31f6-486f-44da-b317-01333bde0b82\",\"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da\","
    "\"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9\"],\"revoked\":false,"
    "[file:hashes.'SHA-256' = ''] [file:hashes.MD5 = ''] [email-addr:value = ''] [ipv6-addr:value = ''] "
    "[url:value = 'https://www..com/http://.php'] [domain-name:value = '.example.com.org.net.info.ru'] OR AND "
    "\",\"modified\":\"2025-01-01T00:00:00.000Z\",\"name\":\"\",\"object_marking_refs\":[\"marking-definition--"
    "\"],\"pattern\":\"[ipv4-addr:value = "
    "'\",\"pattern_type\":\"stix\",\"spec_version\":\"2.1\",\"type\":\"indicator\","
    "\"valid_from\":\"2025-01-01T00:00:00Z\",\"valid_until\":\"2026-01-01T00:00:00Z\"}"
    "{\"created\":\"2025-01-01T00:00:00.000Z\",\"created_by_ref\":\"identity--\",\"description\":\"\","
    "\"id\":\"indicator--";

const size_t log_dictionary_1_bytes = sizeof log_dictionary_1 - 1;

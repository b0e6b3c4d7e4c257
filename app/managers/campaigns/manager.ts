import { addContact, findContacts } from './contacts.ts';
import { create } from './create.ts';
import { findFaqs, findTerms, updateFaqs, updateTerms } from './texts.ts';
import { findHistory } from './history.ts';
import { findByEvent, findCategoryIds, findEventIds, findIds, list, selectPresaleWindow } from './list.ts';
import { findPublication, publish } from './publish.ts';
import { findByDomain, findById, findStatus, findWithState } from './read.ts';
import { refresh, retire } from './refresh.ts';
import { update } from './update.ts';
import { selectView } from './view.ts';

/** All that can be done with campaigns; routers, sockets and workers call these and nothing below. */
export const campaignManager = {
  addContact,
  create,
  findByDomain,
  findByEvent,
  findById,
  findCategoryIds,
  findContacts,
  findEventIds,
  findFaqs,
  findHistory,
  findIds,
  findPublication,
  findStatus,
  findTerms,
  findWithState,
  list,
  publish,
  refresh,
  retire,
  selectPresaleWindow,
  selectView,
  update,
  updateFaqs,
  updateTerms,
} as const;

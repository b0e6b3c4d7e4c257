import { clone } from './clones.ts';
import { create } from './create.ts';
import { findNotifiable, findUpcoming, markNotified, setNotifyDate } from './notification.ts';
import { findById, findFeatures, list } from './read.ts';
import { remove } from './remove.ts';
import { update } from './update.ts';

/** All that can be done with markets; routers, sockets and workers call these and nothing below. */
export const marketManager = {
  clone,
  create,
  findById,
  findFeatures,
  findNotifiable,
  findUpcoming,
  list,
  markNotified,
  remove,
  setNotifyDate,
  update,
} as const;

import type { APIPromise } from './api-promise.js';

export interface Pagination {
  page: number;
  limit: number;
  total: number;
  totalPages: number;
}

export interface Page<T> {
  data: T[];
  pagination: Pagination;
}

export interface PageParams {
  /** Page number, from 1. Default: 1. */
  page?: number;
  /** Entries on a page. Default: 20. */
  limit?: number;
}

/** Iterates over the entries from a page on; fetches each page when it is reached. */
export async function* paginate<T>(
  first: number,
  fetchPage: (page: number) => APIPromise<Page<T>>,
): AsyncGenerator<T, void, undefined> {
  for (let number = first; ; number += 1) {
    const { data, pagination } = await fetchPage(number);
    yield* data;
    if (data.length === 0 || number >= pagination.totalPages) return;
  }
}

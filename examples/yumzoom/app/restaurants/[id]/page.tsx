import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { CuisineArt } from '@/components/cuisine-art';
import { Menu } from '@/components/menu';
import { Note } from '@/components/note';
import { RatingForm } from '@/components/rating-form';
import { RatingList } from '@/components/rating-list';
import { RatingShares } from '@/components/rating-shares';
import { Price } from '@/components/restaurant-card';
import { ShareButton } from '@/components/share-button';
import { TrackView } from '@/components/track-view';
import { currentGuest } from '@/lib/accounts/session';
import { faultIsOn } from '@/lib/faults/switchboard';
import { type PageParameters, readPageParameters } from '@/lib/http/page-parameters';
import { readRestaurant } from '@/lib/restaurants/detail';

const find = cache(async (id: string) => (/^\d{1,9}$/.test(id) ? await readRestaurant(Number(id)) : undefined));

interface Props {
  params: Promise<{ id: string }>;
  searchParams: PageParameters;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const restaurant = await find((await params).id);
  return { title: restaurant?.name ?? 'No such restaurant' };
}

export default async function RestaurantPage({ params, searchParams }: Props) {
  const restaurant = await find((await params).id);
  if (!restaurant) notFound();
  const guest = await currentGuest();
  const { problem, done } = await readPageParameters(searchParams, 'problem', 'done');

  return (
    <>
      <TrackView restaurantId={restaurant.id} />
      <Note problem={problem} done={done} />
      <section className="place">
        <CuisineArt cuisine={restaurant.cuisine} seed={restaurant.id} className="art-large" />
        <div>
          <p className="quiet">
            {restaurant.cuisine} · <Price level={restaurant.priceLevel} /> · since {restaurant.openedOn.getFullYear()}
          </p>
          <h1>{restaurant.name}</h1>
          <p>{restaurant.description}</p>
          <p className="quiet">
            {restaurant.address}, {restaurant.city}
          </p>
          <RatingShares restaurant={restaurant} />
          <ShareButton
            restaurant={faultIsOn('broken_script') ? undefined : { id: restaurant.id, name: restaurant.name }}
          />
        </div>
      </section>

      {restaurant.photoIds.length > 0 && (
        <section>
          <h2>Photos</h2>
          <ul className="photos">
            {restaurant.photoIds.map((id) => (
              <li key={id}>
                {/* biome-ignore lint/performance/noImgElement: guests' photos are served as they came */}
                <img src={`/photos/${id}`} alt={`A guest’s view of ${restaurant.name}`} loading="lazy" />
              </li>
            ))}
          </ul>
        </section>
      )}

      <div className="columns">
        <section>
          <h2>Menu</h2>
          <Menu dishes={restaurant.dishes} canOrder={guest !== undefined} />
        </section>
        <section id="ratings">
          <h2>What guests say</h2>
          {guest ? (
            <RatingForm restaurantId={restaurant.id} />
          ) : (
            <p className="panel">
              <Link href={`/sign-in?next=/restaurants/${restaurant.id}`} prefetch={false}>
                Sign in
              </Link>{' '}
              to rate, order or add a photo.
            </p>
          )}
          <RatingList ratings={restaurant.ratings} />
        </section>
      </div>
    </>
  );
}

"""What is known of the images and labels before anything is trained."""
